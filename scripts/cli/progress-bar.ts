import { SingleBar } from 'cli-progress';

export interface Progress {
  /** With the fields {bar}, {value}, {total} and those of `fields`. */
  format: string;
  total: number;
  /** Further fields of the format and their first values. */
  fields?: Record<string, string>;
  /** @default true */
  isShown?: boolean;
}

type OnProgress = (value: number, fields?: Record<string, string>) => void;

/** Does some work under a progress bar. The bar is on standard error, and only where that is a terminal. */
export async function withProgressBar<T>(
  { format, total, fields, isShown = true }: Progress,
  work: (onProgress: OnProgress) => Promise<T>,
): Promise<T> {
  if (!isShown) return work(() => {});
  const bar = new SingleBar({ format, barsize: 30, hideCursor: true, clearOnComplete: true, stream: process.stderr });
  bar.start(total, 0, fields);
  return work((value, changed) => bar.update(value, changed)).finally(() => bar.stop());
}

import { readFile } from 'node:fs/promises';
import { UsageError } from './usage-error.ts';

/**
 * The text of a file in UTF-8, without the byte order mark that some editors write first.
 * @throws UsageError when the file cannot be read or is not UTF-8
 */
export async function readTextFile(file: string): Promise<string> {
  const bytes = await readFile(file).catch((error: NodeJS.ErrnoException) => {
    const problem = error.code === 'ENOENT' ? 'there is no such file' : error.message;
    throw new UsageError(`${file} cannot be read: ${problem}.`, { cause: error });
  });
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (error) {
    throw new UsageError(
      `${file} is not UTF-8${encodingOf(bytes)}. Save it as UTF-8, e.g. with \`iconv -f ENCODING -t UTF-8\`.`,
      { cause: error },
    );
  }
}

/** UTF-16 begins with a byte order mark. Other encodings cannot be told apart. */
function encodingOf(bytes: Buffer): string {
  const mark = bytes.subarray(0, 2).toString('hex');
  return mark === 'fffe' || mark === 'feff' ? ', but UTF-16' : '';
}

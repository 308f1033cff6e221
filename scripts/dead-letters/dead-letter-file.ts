/** Dead letters in a file: one JSON object a line, with all attributes of the message. */
import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';
import type { MessageAttributeValue } from '@aws-sdk/client-sqs';
import { printable, printableJson } from '@airline/events-schemas/printable';
import { type DeadLetter, type DeadLetterQueue, type Kind, walk } from './dead-letters.ts';
import { deleteAll } from './sqs-batch.ts';
import type { Target } from '../airline/target.ts';
import { readTextFile } from '../cli/read-text-file.ts';
import { UsageError } from '../cli/usage-error.ts';

export interface ExportedLetter extends DeadLetter {
  attributes: Record<string, MessageAttributeValue>;
  /** The hash of the body, in hexadecimal. */
  sha256: string;
}

export interface Exported {
  /** Letters in the file. */
  exported: number;
  /** Letters that could not be made visible again at once. */
  hidden: number;
}

export interface Dropped {
  /** Letters in the file. */
  inFile: number;
  /** Letters that were deleted; in a dry run, those that would be. */
  dropped: number;
  /** Letters in the queues that are not in the file. */
  kept: number;
  failed: { messageId: string; kind: Kind; error: string }[];
  hidden: number;
  stopped: boolean;
}

/**
 * Writes the letters of the queues that match to a new file. Only its owner can read it, since it holds personal data.
 * @throws UsageError when the file exists or cannot be written
 */
export async function exportLetters(
  target: Target,
  queues: readonly DeadLetterQueue[],
  file: string,
  { matches = () => true, signal }: { matches?: (letter: DeadLetter) => boolean; signal?: AbortSignal } = {},
): Promise<Exported> {
  const handle = await open(file, 'wx', 0o600).catch((error: NodeJS.ErrnoException) => {
    throw new UsageError(
      error.code === 'EEXIST'
        ? `${file} exists already; an export never overwrites.`
        : `${file} cannot be written: ${error.message}.`,
      { cause: error },
    );
  });
  const sum: Exported = { exported: 0, hidden: 0 };
  try {
    for (const queue of queues) {
      const { hidden } = await walk(
        target,
        queue,
        async (received) => {
          const letters = received.filter(matches);
          if (letters.length === 0) return { deleted: new Set() };
          const lines = letters.map(({ receiptHandle: _, ...letter }) =>
            printableJson({ ...letter, sha256: sha256(letter.body) } satisfies ExportedLetter),
          );
          await handle.write(`${lines.join('\n')}\n`);
          sum.exported += letters.length;
          return { deleted: new Set() };
        },
        signal,
      );
      sum.hidden += hidden;
    }
    await handle.sync();
  } finally {
    await handle.close();
  }
  return sum;
}

/**
 * Reads an exported file.
 * @throws UsageError with the first line that is no letter, was changed, or is of another service
 */
export async function readLetters(file: string, service: string): Promise<ExportedLetter[]> {
  const text = await readTextFile(file);
  return text.split('\n').flatMap((line, index) => {
    if (line === '') return [];
    const letter = parse(line);
    const where = `${file}, line ${index + 1}`;
    if (typeof letter?.messageId !== 'string' || typeof letter.sha256 !== 'string' || typeof letter.body !== 'string') {
      throw new UsageError(`${where} is not a dead letter; only files of \`pnpm dlq export\` can be dropped.`);
    }
    if (letter.service !== service)
      throw new UsageError(
        `${where} is a dead letter of ${printable(String(letter.service), 100)}, not of ${service}.`,
      );
    if (letter.sha256 !== sha256(letter.body))
      throw new UsageError(`${where} was changed after it was exported: its body does not match its hash.`);
    return [letter];
  });
}

/** Deletes the letters whose id and body are in the file, and no others. Without `confirm` it only counts them. */
export async function dropLetters(
  target: Target,
  queues: readonly DeadLetterQueue[],
  letters: readonly ExportedLetter[],
  {
    confirm,
    signal,
    onProgress = () => {},
  }: { confirm: boolean; signal?: AbortSignal; onProgress?: (counts: Pick<Dropped, 'dropped'>) => void },
): Promise<Dropped> {
  const keyOf = (messageId: string, hash: string): string => `${messageId} ${hash}`;
  const inFile = new Set(letters.map(({ messageId, sha256 }) => keyOf(messageId, sha256)));
  const result: Dropped = { inFile: letters.length, dropped: 0, kept: 0, failed: [], hidden: 0, stopped: false };
  for (const queue of queues) {
    const { hidden } = await walk(
      target,
      queue,
      async (received) => {
        const chosen = received.filter(({ messageId, body }) => inFile.has(keyOf(messageId, sha256(body))));
        result.kept += received.length - chosen.length;
        if (!confirm) {
          result.dropped += chosen.length;
          return { deleted: new Set() };
        }
        const errors = await deleteAll(
          target,
          queue.url,
          chosen.map(({ receiptHandle }) => receiptHandle),
        );
        const deleted = chosen.filter((_, index) => errors[index] === undefined);
        for (const [index, error] of errors.entries()) {
          if (error !== undefined) result.failed.push({ messageId: chosen[index]!.messageId, kind: queue.kind, error });
        }
        result.dropped += deleted.length;
        onProgress({ dropped: result.dropped });
        return { deleted: new Set(deleted.map(({ messageId }) => messageId)) };
      },
      signal,
    );
    result.hidden += hidden;
  }
  result.stopped = signal?.aborted === true;
  return result;
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

function parse(line: string): ExportedLetter | null | undefined {
  try {
    return JSON.parse(line) as ExportedLetter | null;
  } catch {
    return undefined;
  }
}

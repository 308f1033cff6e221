import type { Context } from 'aws-lambda';

/**
 * How an invocation spends its last milliseconds. A function that is still running at its timeout fails its whole
 * batch, so everything ends earlier:
 *
 * | until, before the timeout              | what                                                        |
 * | -------------------------------------- | ----------------------------------------------------------- |
 * | answering + bookkeeping + publishing   | handlers; a record whose handler has not ended fails, alone |
 * | answering + bookkeeping                | the events of the others are published                      |
 * | answering                              | dead letters are sent, and the pauses before retries are set |
 */
export const reserveMilliseconds = {
  /** Three attempts at PutEvents for two requests' worth of events. A request usually takes less than 0.1 seconds. */
  publishing: 2000,
  /** One request to SQS for each failed record, all at the same time. */
  bookkeeping: 750,
  /** The answer to Lambda. */
  answering: 250,
};

/** The time before the function's timeout at which handlers must have ended, in milliseconds. */
export const handlersReserveMilliseconds =
  reserveMilliseconds.publishing + reserveMilliseconds.bookkeeping + reserveMilliseconds.answering;

/** The ends of a batch's phases, in milliseconds since the epoch. Infinity for an invocation without a timeout. */
export interface BatchTime {
  handlers: number;
  publishing: number;
  bookkeeping: number;
}

export function batchTimeOf(context: Pick<Context, 'getRemainingTimeInMillis'>): BatchTime {
  const timeout = Date.now() + context.getRemainingTimeInMillis();
  const bookkeeping = timeout - reserveMilliseconds.answering;
  const publishing = bookkeeping - reserveMilliseconds.bookkeeping;
  return { handlers: publishing - reserveMilliseconds.publishing, publishing, bookkeeping };
}

/** A piece of work did not end in time. It may still end later, and may have had its effect. */
export class OutOfTimeError extends Error {
  override readonly name = 'OutOfTimeError';
}

/** `setTimeout` fires at once for a longer time. */
const longestTimeout = 2 ** 31 - 1;

/**
 * Waits for a piece of work, but not longer than until a time. The work is not stopped: a promise cannot be.
 * @param until in milliseconds since the epoch
 * @param what names the work in the error
 * @throws OutOfTimeError at that time; or what the work throws
 */
export async function endBy<T>(until: number, what: string, work: Promise<T>): Promise<T> {
  // Without a limit there is no timer either: it would keep a process alive whose work never ends.
  if (until === Infinity) return work;
  let timer: NodeJS.Timeout | undefined;
  const outOfTime = new Promise<never>((_, reject) => {
    const left = Math.min(Math.max(0, until - Date.now()), longestTimeout);
    timer = setTimeout(() => reject(new OutOfTimeError(`${what} did not end within the time of the batch.`)), left);
  });
  try {
    return await Promise.race([work, outOfTime]);
  } finally {
    clearTimeout(timer);
  }
}

/**
 * Lets one run at a time do the work of a key, and gives the others its result afterwards.
 *
 * Only a final result may be returned by the work: it is what later runs are told without asking again. Whatever is not final is
 * thrown, and then the key is free for the next run.
 * @throws AlreadyInProgressError while another run does the work
 */
export type Once = <T>(key: string, work: () => Promise<T>) => Promise<T>;

/** Another run does this work right now; the message must come again later. */
export class AlreadyInProgressError extends Error {
  override readonly name = 'AlreadyInProgressError';
}

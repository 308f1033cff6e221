import type { Context } from 'aws-lambda';

export interface OnceCall {
  /** The client's `Idempotency-Key`. */
  key: string;
  /** The content of the request. Only its hash is stored. */
  payload: string;
  /** Its remaining time limits how long a crashed run keeps its key. */
  context: Context;
}

export type OnceResult<T> =
  /** The result of this run, or of the first run with this key and payload. */
  | { kind: 'done'; result: T }
  /** The key was used before, with another payload. */
  | { kind: 'key-reused' }
  /** Another run with this key has not finished. */
  | { kind: 'in-progress' };

/** How long a key and its result are stored. */
export const keyRetentionSeconds = 24 * 60 * 60;

/** Does the work once for each key, and stores its result. */
export interface Idempotency {
  /**
   * The result of `work` must be plain JSON.
   * @throws what `work` throws. Then nothing is stored, and the key is free again.
   */
  once<T extends object>(call: OnceCall, work: () => Promise<T>): Promise<OnceResult<T>>;
}

import type { Context } from 'aws-lambda';

export interface GuardedCall {
  /** The client's `Idempotency-Key`. */
  key: string;
  /** What was asked under the key. Its hash is kept, not itself. */
  payload: string;
  /** A run that dies holds its key no longer than its function may run. */
  context: Context;
}

export type Guarded<T> =
  /** The result of this run, or of the run that first came with this key and payload. */
  | { kind: 'done'; result: T }
  /** The key came before, with another payload. */
  | { kind: 'key-reused' }
  /** Another run has the key and is not done. */
  | { kind: 'in-progress' };

/** How long a key is remembered. */
export const rememberedForSeconds = 24 * 60 * 60;

/** Does a piece of work once for each key and remembers its result. */
export interface Idempotency {
  /** What `work` throws is thrown, and nothing is remembered. Its result must be plain JSON. */
  once<T extends object>(call: GuardedCall, work: () => Promise<T>): Promise<Guarded<T>>;
}

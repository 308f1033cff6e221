import { keyRetentionSeconds, type Idempotency } from './idempotency.ts';

interface KeyRecord {
  payload: string;
  /** Undefined while the work is in progress. */
  result?: object;
  /** Milliseconds since the epoch. */
  expiresAt: number;
}

/** The idempotency for tests. */
export function createInMemoryIdempotency(): Idempotency {
  const records = new Map<string, KeyRecord>();

  return {
    async once<T extends object>(
      { key, payload, context }: Parameters<Idempotency['once']>[0],
      work: () => Promise<T>,
    ) {
      const known = records.get(key);
      if (known && known.expiresAt >= Date.now()) {
        if (known.payload !== payload) return { kind: 'key-reused' };
        if (!known.result) return { kind: 'in-progress' };
        return { kind: 'done', result: structuredClone(known.result) as T };
      }
      records.set(key, { payload, expiresAt: Date.now() + context.getRemainingTimeInMillis() });
      try {
        const result = await work();
        records.set(key, {
          payload,
          result: structuredClone(result),
          expiresAt: Date.now() + keyRetentionSeconds * 1000,
        });
        return { kind: 'done', result };
      } catch (error) {
        records.delete(key);
        throw error;
      }
    },
  };
}

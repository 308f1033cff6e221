import { rememberedForSeconds, type Idempotency } from './idempotency.ts';

interface Memory {
  payload: string;
  /** Undefined while its run is at work. */
  result?: object;
  /** Milliseconds since the epoch. */
  expiresAt: number;
}

/** The guard of tests and simulations: it keeps the same contract as the Powertools one. */
export function createInMemoryIdempotency(): Idempotency {
  const memories = new Map<string, Memory>();

  return {
    async once<T extends object>(
      { key, payload, context }: Parameters<Idempotency['once']>[0],
      work: () => Promise<T>,
    ) {
      const known = memories.get(key);
      if (known && known.expiresAt >= Date.now()) {
        if (known.payload !== payload) return { kind: 'key-reused' };
        if (!known.result) return { kind: 'in-progress' };
        return { kind: 'done', result: structuredClone(known.result) as T };
      }
      memories.set(key, { payload, expiresAt: Date.now() + context.getRemainingTimeInMillis() });
      try {
        const result = await work();
        memories.set(key, {
          payload,
          result: structuredClone(result),
          expiresAt: Date.now() + rememberedForSeconds * 1000,
        });
        return { kind: 'done', result };
      } catch (error) {
        memories.delete(key);
        throw error;
      }
    },
  };
}

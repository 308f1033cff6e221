import type { Once } from './once.ts';

/** The guard of tests and simulations: it keeps the same contract as the one on DynamoDB. */
export function createInMemoryOnce(): Once {
  const results = new Map<string, unknown>();
  const running = new Set<string>();
  return async <T>(bookingId: string, operation: string, work: () => Promise<T>): Promise<T> => {
    const key = `${bookingId}#${operation}`;
    if (results.has(key)) return structuredClone(results.get(key)) as T;
    if (running.has(key)) throw new Error(`Another run is doing ${key}.`);
    running.add(key);
    try {
      const result = await work();
      results.set(key, structuredClone(result));
      return result;
    } finally {
      running.delete(key);
    }
  };
}

import { AlreadyInProgressError, type Once } from './once.ts';

/** The guard of tests and simulations. */
export function createInMemoryOnce(): Once {
  const inProgress = new Set<string>();
  const results = new Map<string, unknown>();
  return async <T>(key: string, work: () => Promise<T>): Promise<T> => {
    if (results.has(key)) return structuredClone(results.get(key)) as T;
    if (inProgress.has(key)) throw new AlreadyInProgressError(`Another run is doing ${key}.`);
    inProgress.add(key);
    try {
      const result = await work();
      results.set(key, structuredClone(result));
      return result;
    } finally {
      inProgress.delete(key);
    }
  };
}

import { AlreadyInProgressError, type Once } from './once.ts';

/** The port in memory, for tests and simulations. It passes the same contract test as the adapter on DynamoDB. */
export function createInMemoryOnce(): Once {
  const inProgress = new Set<string>();
  const results = new Map<string, unknown>();
  return async <T>(correlationId: string, operation: string, work: () => Promise<T>): Promise<T> => {
    const key = `${correlationId}#${operation}`;
    if (results.has(key)) return structuredClone(results.get(key)) as T;
    if (inProgress.has(key)) throw new AlreadyInProgressError(correlationId, operation);
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

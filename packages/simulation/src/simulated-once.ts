import { AlreadyInProgressError, type Once } from '@airline/messaging/once';
import type { Run } from './run.ts';

export type OnceItem =
  { state: 'in-progress'; owner: Run; expiresAt: number } | { state: 'completed'; result: string | undefined };

/**
 * A model of Powertools' idempotency. The item is put in progress before the work, completed after it, and deleted when
 * the work fails. When a run crashes, its item stays in progress until the timeout of its function.
 */
export function createSimulatedOnce(
  run: Run,
  items: Map<string, OnceItem>,
  isExpired: (item: OnceItem) => boolean,
  expiresAt: number,
): Once {
  return async <T>(bookingId: string, operation: string, work: () => Promise<T>): Promise<T> => {
    const key = `${bookingId}#${operation}`;
    const found = await run.request('once.begin', bookingId, () => {
      const item = items.get(key);
      if (item && !isExpired(item)) return item.state === 'completed' ? { done: item.result } : 'busy';
      items.set(key, { state: 'in-progress', owner: run, expiresAt });
      return 'begun';
    });
    if (found === 'busy') throw new AlreadyInProgressError(bookingId, operation);
    if (typeof found === 'object') return (found.done === undefined ? undefined : JSON.parse(found.done)) as T;
    let result: T;
    try {
      result = await work();
    } catch (error) {
      await run.request('once.abandon', bookingId, () => void items.delete(key));
      throw error;
    }
    await run.request(
      'once.complete',
      bookingId,
      () => void items.set(key, { state: 'completed', result: JSON.stringify(result) }),
    );
    return result;
  };
}

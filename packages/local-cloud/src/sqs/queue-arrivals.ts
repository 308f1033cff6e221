import type { SqsQueue } from './fauxqs.ts';

/** How late a delayed message, or one whose visibility timeout has passed, may be to those who wait for it. */
const TICK_MS = 50;

/** Who waits for a message in which queue: the long polls. */
export class QueueArrivals {
  /** In the order in which they came. */
  private readonly waiting = new Map<SqsQueue, Set<() => void>>();
  private ticker: NodeJS.Timeout | undefined;

  /**
   * Resolves when the queue may have a message, when the time is over, or at close. One message wakes one waiter; it may
   * still find the message taken, and then waits again.
   * @throws the signal's reason when it aborts
   */
  next(queue: SqsQueue, milliseconds: number, signal?: AbortSignal): Promise<void> {
    if (visibleMessages(queue) > 0) return Promise.resolve();
    return new Promise((resolve, reject) => {
      const waiters = this.waiting.get(queue) ?? new Set();
      const leave = () => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', abandon);
        waiters.delete(wake);
        if (waiters.size === 0) this.waiting.delete(queue);
        this.tickWhileSomebodyWaits();
      };
      const wake = () => {
        leave();
        resolve();
      };
      const abandon = () => {
        leave();
        reject(signal?.reason as Error);
      };
      const timer = setTimeout(wake, milliseconds);
      signal?.addEventListener('abort', abandon);
      this.waiting.set(queue, waiters.add(wake));
      this.tickWhileSomebodyWaits();
    });
  }

  /** To be called when a message may have become visible. */
  wake(queue: SqsQueue): void {
    const waiters = [...(this.waiting.get(queue) ?? [])];
    for (const wake of waiters.slice(0, visibleMessages(queue))) wake();
  }

  /** Wakes everybody. */
  close(): void {
    for (const wake of [...this.waiting.values()].flatMap((waiters) => [...waiters])) wake();
  }

  /** A message also arrives by the passing of time (delay, visibility timeout), and from a queue that redrives to this one. */
  private tickWhileSomebodyWaits(): void {
    if (this.waiting.size === 0) {
      clearInterval(this.ticker);
      this.ticker = undefined;
    } else {
      this.ticker ??= setInterval(() => {
        for (const queue of [...this.waiting.keys()]) {
          queue.processTimers();
          this.wake(queue);
        }
      }, TICK_MS);
    }
  }
}

const visibleMessages = (queue: SqsQueue): number => Number(queue.getAttribute('ApproximateNumberOfMessages'));

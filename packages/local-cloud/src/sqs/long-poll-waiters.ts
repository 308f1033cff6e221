import type { SqsQueue } from './fauxqs.ts';

/** The interval at which waited-for queues are checked for messages whose delay or visibility timeout has ended. */
const TICK_MS = 50;

/** The long polls that wait for a message, by queue. */
export class LongPollWaiters {
  /** For each queue, in the order of arrival. */
  private readonly waiting = new Map<SqsQueue, Set<() => void>>();
  private ticker: NodeJS.Timeout | undefined;

  /**
   * Resolves when the queue may have a message, when the time is over, or at close. One message wakes one waiter. When
   * another receiver took the message first, the caller must wait again.
   * @throws the signal's reason when it aborts
   */
  wait(queue: SqsQueue, milliseconds: number, signal?: AbortSignal): Promise<void> {
    if (visibleMessages(queue) > 0) return Promise.resolve();
    return new Promise((resolve, reject) => {
      const waiters = this.waiting.get(queue) ?? new Set();
      const leave = () => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', abort);
        waiters.delete(wake);
        if (waiters.size === 0) this.waiting.delete(queue);
        this.updateTicker();
      };
      const wake = () => {
        leave();
        resolve();
      };
      const abort = () => {
        leave();
        reject(signal?.reason as Error);
      };
      const timer = setTimeout(wake, milliseconds);
      signal?.addEventListener('abort', abort);
      this.waiting.set(queue, waiters.add(wake));
      this.updateTicker();
    });
  }

  /** Call this when a message may have become visible in the queue. */
  notify(queue: SqsQueue): void {
    const waiters = [...(this.waiting.get(queue) ?? [])];
    for (const wake of waiters.slice(0, visibleMessages(queue))) wake();
  }

  /** Wakes all waiters. */
  close(): void {
    for (const wake of [...this.waiting.values()].flatMap((waiters) => [...waiters])) wake();
  }

  /**
   * Ticks while there are waiters. Some messages become visible without a call on their queue: at the end of a delay or
   * visibility timeout, and when another queue moves a message to this dead-letter queue.
   */
  private updateTicker(): void {
    if (this.waiting.size === 0) {
      clearInterval(this.ticker);
      this.ticker = undefined;
    } else {
      this.ticker ??= setInterval(() => {
        for (const queue of [...this.waiting.keys()]) {
          queue.processTimers();
          this.notify(queue);
        }
      }, TICK_MS);
    }
  }
}

const visibleMessages = (queue: SqsQueue): number => Number(queue.getAttribute('ApproximateNumberOfMessages'));

/** A standard SQS queue with its two dead-letter queues: at least once, in no order, five tries. */
export interface Message {
  id: number;
  body: string;
  bookingId: string;
  /** For the trace, e.g. `SeatBooked of b3`. */
  label: string;
  receiveCount: number;
  visibleAt: number;
  /** Why the consumer gave up on it at once. */
  reason?: string;
}

const maximumReceives = 5;

export class SimulatedQueue {
  /** Everything that is not in the hands of a run. */
  waiting: Message[] = [];
  /** What the consumer could not handle, and what EventBridge could not deliver. */
  deadLetters: Message[] = [];
  undelivered: Message[] = [];
  /** Every message that ever came, by its body. */
  readonly everSeen = new Map<string, Message>();

  add(message: Message): void {
    this.everSeen.set(message.body, message);
    this.waiting.push(message);
  }

  visible(now: number): Message[] {
    return this.waiting.filter(({ visibleAt }) => visibleAt <= now);
  }

  /** @returns the messages that were received, without those whose tries are used up: these become dead letters */
  receive(messages: readonly Message[]): Message[] {
    const chosen = new Set(messages);
    this.waiting = this.waiting.filter((message) => !chosen.has(message));
    return messages.filter((message) => {
      message.receiveCount += 1;
      if (message.receiveCount <= maximumReceives) return true;
      this.deadLetters.push(message);
      return false;
    });
  }

  giveBack(message: Message, visibleAt: number): void {
    message.visibleAt = visibleAt;
    this.waiting.push(message);
  }
}

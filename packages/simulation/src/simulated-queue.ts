/** A message of a standard SQS queue. */
export interface Message {
  id: number;
  body: string;
  bookingId: string;
  /** For the trace, such as `SeatBooked of b3`. */
  label: string;
  receiveCount: number;
  /** Milliseconds since the epoch. */
  visibleAt: number;
  /** The reason why the consumer sent it to the dead-letter queue at once. */
  reason?: string;
}

const maximumReceives = 5;

/** A standard SQS queue with its two dead-letter queues: at-least-once delivery, no order, five receives. */
export class SimulatedQueue {
  /** The messages that no run has received. Some are not visible yet. */
  waiting: Message[] = [];
  /** The messages that the consumer could not handle. */
  deadLetters: Message[] = [];
  /** The events that EventBridge could not deliver. */
  undelivered: Message[] = [];
  /** All messages that were ever added, by body. */
  readonly allMessages = new Map<string, Message>();

  add(message: Message): void {
    this.allMessages.set(message.body, message);
    this.waiting.push(message);
  }

  visible(now: number): Message[] {
    return this.waiting.filter(({ visibleAt }) => visibleAt <= now);
  }

  /** @returns the received messages. Those with too many receives are moved to the dead letters instead. */
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

  /** Makes a received message visible again at this time. */
  requeue(message: Message, visibleAt: number): void {
    message.visibleAt = visibleAt;
    this.waiting.push(message);
  }
}

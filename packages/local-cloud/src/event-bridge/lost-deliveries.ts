export interface DeliveryError {
  code: string;
  message: string;
}

interface Delivery {
  eventId: string;
  /** The event, in JSON. */
  body: string;
  ruleArn: string;
  target: { id: string; arn: string };
}

/** An event that neither a rule's target nor its dead-letter queue took. Only an archive of the bus has it still. */
export interface LostDelivery {
  eventId: string;
  ruleArn: string;
  targetArn: string;
  /** Why the target did not take the event. */
  error: DeliveryError;
  /** Why the dead-letter queue did not; undefined when the target has none. */
  deadLetterError?: DeliveryError;
  /** RFC 3339 UTC. */
  at: string;
  /** The event, in JSON. */
  body: string;
}

const MAX_DELIVERIES = 1000;
const MAX_BYTES = 64 * 1024 * 1024;

/**
 * The lost deliveries since the start. On AWS they are only counted: by the metric InvocationsFailedToBeSentToDlq if
 * the target has a dead-letter queue, and otherwise by FailedInvocations.
 */
export class LostDeliveries {
  readonly #now: () => number;
  readonly #kept = new Map<string, LostDelivery>();
  #forgotten = 0;
  #bytes = 0;

  /** @param now milliseconds since the epoch */
  constructor(now: () => number) {
    this.#now = now;
  }

  add(delivery: Delivery, error: DeliveryError, deadLetterError?: DeliveryError): void {
    const { eventId, ruleArn, target, body } = delivery;
    this.remove(delivery);
    this.#kept.set(keyOf(delivery), {
      eventId,
      ruleArn,
      targetArn: target.arn,
      error: { code: error.code, message: error.message },
      ...(deadLetterError && { deadLetterError: { code: deadLetterError.code, message: deadLetterError.message } }),
      at: new Date(this.#now()).toISOString(),
      body,
    });
    this.#bytes += body.length;
    for (const [key, oldest] of this.#kept) {
      if (this.#kept.size <= MAX_DELIVERIES && this.#bytes <= MAX_BYTES) break;
      this.#kept.delete(key);
      this.#bytes -= oldest.body.length;
      this.#forgotten += 1;
    }
  }

  /** Call it when a replay has delivered the event, to the target or to its dead-letter queue. */
  remove(delivery: Delivery): void {
    const key = keyOf(delivery);
    const kept = this.#kept.get(key);
    if (!kept) return;
    this.#bytes -= kept.body.length;
    this.#kept.delete(key);
  }

  /** The newest 1,000 deliveries, oldest first; `count` has the older ones too, which are not kept. */
  list(): { count: number; deliveries: LostDelivery[] } {
    return { count: this.#kept.size + this.#forgotten, deliveries: [...this.#kept.values()] };
  }
}

const keyOf = ({ eventId, ruleArn, target }: Delivery): string => JSON.stringify([eventId, ruleArn, target.id]);

import { setTimeout as sleep } from 'node:timers/promises';
import { AwsError } from '../aws-error.ts';
import { LostDeliveries } from './lost-deliveries.ts';

export interface RuleTarget {
  id: string;
  /** The ARN of an SQS queue. */
  arn: string;
  deadLetterQueueArn?: string;
  /** Attempts after the first one. */
  maximumRetryAttempts: number;
  maximumEventAgeSeconds: number;
}

/** The delivery of one event to one target of a rule. */
export interface Delivery {
  eventId: string;
  body: string;
  /** The X-Ray trace header. It is sent with the message, also to the dead-letter queue. */
  traceHeader?: string | undefined;
  ruleArn: string;
  target: RuleTarget;
}

export type Deliver = (
  queueArn: string,
  body: string,
  attributes?: Record<string, string>,
  traceHeader?: string,
) => Promise<void>;

export interface DeliveryTimers {
  /** Milliseconds since the epoch. */
  now: () => number;
  /** Rejects when the signal aborts. */
  sleep: (milliseconds: number, signal: AbortSignal) => Promise<void>;
  /** 0 ≤ x < 1 */
  random: () => number;
}

export interface TargetDeliveriesOptions {
  deliver: Deliver;
  log: (line: string) => void;
  timers: DeliveryTimers;
}

export const systemTimers: DeliveryTimers = {
  now: () => Date.now(),
  sleep: (milliseconds, signal) => sleep(milliseconds, undefined, { signal }),
  random: () => Math.random(),
};

const FIRST_BACKOFF_MS = 250;
const LONGEST_BACKOFF_MS = 60_000;

type ExhaustedCondition = 'MaximumRetryAttempts' | 'MaximumEventAgeInSeconds';

interface Failure {
  code: string;
  message: string;
  /** False when a retry cannot succeed: the event goes to the dead-letter queue at once, as on AWS. */
  retriable: boolean;
}

/** Delivers events to targets, independently of each other: with retries, then to the target's dead-letter queue. */
export class TargetDeliveries {
  readonly lost: LostDeliveries;
  private readonly options: TargetDeliveriesOptions;
  private readonly closing = new AbortController();
  private readonly running = new Set<Promise<void>>();

  constructor(options: TargetDeliveriesOptions) {
    this.options = options;
    this.lost = new LostDeliveries(options.timers.now);
  }

  /** Starts a delivery in the background. */
  start(delivery: Delivery): void {
    const run = this.run(delivery)
      .catch((error: unknown) =>
        this.options.log(`EventBridge: delivery to ${delivery.target.arn} failed unexpectedly: ${describe(error)}`),
      )
      .finally(() => this.running.delete(run));
    this.running.add(run);
  }

  /** Cancels all retries, and waits for the current attempts. */
  async close(): Promise<void> {
    this.closing.abort();
    await Promise.all(this.running);
  }

  private async run(delivery: Delivery): Promise<void> {
    const { timers } = this.options;
    const { target } = delivery;
    const startedAt = timers.now();
    for (let retries = 0; !this.closing.signal.aborted; retries++) {
      const failure = await this.attempt(delivery);
      if (failure === undefined) return;
      if (!failure.retriable) return this.giveUp(delivery, failure, retries);
      if (retries >= target.maximumRetryAttempts)
        return this.giveUp(delivery, failure, retries, 'MaximumRetryAttempts');
      const pause = backoff(retries, timers.random());
      if (timers.now() - startedAt + pause > target.maximumEventAgeSeconds * 1000) {
        return this.giveUp(delivery, failure, retries, 'MaximumEventAgeInSeconds');
      }
      await timers.sleep(pause, this.closing.signal).catch((error: unknown) => {
        if (!this.closing.signal.aborted) throw error;
      });
    }
  }

  private async attempt(delivery: Delivery): Promise<Failure | undefined> {
    const { body, target, traceHeader } = delivery;
    try {
      await this.options.deliver(target.arn, body, undefined, traceHeader);
      this.lost.remove(delivery);
      return undefined;
    } catch (error) {
      return classify(error);
    }
  }

  private async giveUp(
    delivery: Delivery,
    failure: Failure,
    retries: number,
    exhausted?: ExhaustedCondition,
  ): Promise<void> {
    const { deliver, log } = this.options;
    const { target, ruleArn, body, traceHeader } = delivery;
    const outcome = `EventBridge: ${ruleArn} could not deliver to ${target.arn} (${failure.code}: ${failure.message})`;
    if (target.deadLetterQueueArn === undefined) {
      this.lost.add(delivery, failure);
      return log(`${outcome}, and the target has no dead-letter queue: the event is LOST to it`);
    }
    try {
      const attributes = {
        RULE_ARN: ruleArn,
        TARGET_ARN: target.arn,
        ERROR_CODE: failure.code,
        ERROR_MESSAGE: failure.message,
        ...(exhausted && { EXHAUSTED_RETRY_CONDITION: exhausted }),
        RETRY_ATTEMPTS: String(retries),
      };
      await deliver(target.deadLetterQueueArn, body, attributes, traceHeader);
      this.lost.remove(delivery);
      log(`${outcome}; the event is in ${target.deadLetterQueueArn}`);
    } catch (error) {
      const refusal = classify(error);
      this.lost.add(delivery, failure, refusal);
      log(`${outcome}, nor to its dead-letter queue (${refusal.code}: ${refusal.message}): the event is LOST to it`);
    }
  }
}

/** Exponential, with jitter in the upper half, so that deliveries that failed together are not retried together. */
function backoff(retries: number, random: number): number {
  const ceiling = Math.min(LONGEST_BACKOFF_MS, FIRST_BACKOFF_MS * 2 ** retries);
  return ceiling / 2 + (ceiling / 2) * random;
}

/** @see https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-dlq.html for the error codes */
function classify(error: unknown): Failure {
  const message = describe(error);
  if (!(error instanceof AwsError) || error.statusCode >= 500)
    return { code: 'INTERNAL_ERROR', message, retriable: true };
  if (error.statusCode === 403) return { code: 'NO_PERMISSIONS', message, retriable: false };
  if (error.code === 'QueueDoesNotExist') return { code: 'NO_RESOURCE', message, retriable: false };
  if (/Throttl|TooManyRequests/.test(error.code)) return { code: 'THROTTLING', message, retriable: true };
  return { code: 'INVALID_PARAMETER', message, retriable: false };
}

const describe = (error: unknown): string => (error instanceof Error ? error.message : String(error));

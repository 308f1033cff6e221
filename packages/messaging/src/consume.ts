import { BatchProcessor, EventType as BatchSource, processPartialResponse } from '@aws-lambda-powertools/batch';
import { Logger } from '@aws-lambda-powertools/logger';
import { SQSClient } from '@aws-sdk/client-sqs';
import type { AirlineEvent, EventType } from '@airline/events-schemas/events';
import { type EventEnvelope, InvalidEventError, parseEnvelope, parseEvent } from '@airline/events-schemas/parse-event';
import type { Context, SQSBatchResponse, SQSEvent, SQSRecord } from 'aws-lambda';
import { subjectOf, type Subject } from './log-subject.ts';
import { type BufferedMetrics, metricsFromEnvironment } from './metrics.ts';
import { createDeadLetters, type SendToDeadLetters } from './dead-letters.ts';
import { type Publish, publisherFromEnvironment, type PublishOutcome } from './publish.ts';
import { requireEnvironment } from './environment.ts';
import { createRetryBackoff, type DelayRetry } from './retry-backoff.ts';
import type { SelfAddressedHandlers } from './self-addressed.ts';
import { traceparentOf } from './trace.ts';

/**
 * Does a service's work for one event and returns what the service says about it. By the time it returns, its own record is
 * written; the events leave afterwards, and when they do not get out the message is delivered again: the handler then finds its
 * own record and returns the same events.
 */
export type Handler<T extends EventType> = (event: AirlineEvent<T>) => Promise<readonly AirlineEvent[]>;

/** Detail-type → handler: the whole routing of a service. */
export type Handlers = { [T in EventType]?: Handler<T> };

/** Thrown by a handler for an event that can never be handled: it goes to the dead-letter queue at once, with the reason. */
export class UnprocessableEventError extends Error {
  override readonly name = 'UnprocessableEventError';
  /** A word for the operator, e.g. `conflicting-request`. */
  readonly reason: string;

  constructor(reason: string, message: string) {
    super(message);
    this.reason = reason;
  }
}

export type Consumer = (event: SQSEvent, context: Context) => Promise<SQSBatchResponse>;

export interface ConsumerOptions {
  handlers: Handlers;
  /** Messages that the service sends to its own queue. @default none: they are poison */
  selfAddressed?: SelfAddressedHandlers;
  publish: Publish;
  sendToDeadLetters: SendToDeadLetters;
  /** Makes a failed message come again sooner than the queue would. @default when the queue's visibility timeout ends */
  delayRetry?: DelayRetry;
  logger: Pick<Logger, 'info' | 'warn' | 'error'>;
  /** Counts messages that failed, and writes out at the end of a batch what handlers counted. @default nothing is counted */
  metrics?: Pick<BufferedMetrics, 'count' | 'flush'>;
}

/**
 * The consumer of a service's queue. The records of a batch run side by side, their events leave in as few PutEvents as fit, and
 * a record that failed, or whose events did not get out, is reported as failed, alone. What can never succeed is put into the
 * dead-letter queue with its reason and then acknowledged.
 */
export function createConsumer({
  handlers,
  selfAddressed = {},
  publish,
  sendToDeadLetters,
  delayRetry,
  logger,
  metrics,
}: ConsumerOptions): Consumer {
  async function handle(record: SQSRecord, outbox: BatchOutbox): Promise<void> {
    let subject: Subject = { messageId: record.messageId };
    let answer: readonly AirlineEvent[];
    try {
      const envelope = parseEnvelope(record.body);
      subject = { ...subject, ...subjectOf(envelope) };
      answer = await route(envelope, record, handlers, selfAddressed);
    } catch (error) {
      outbox.skip();
      if (!(error instanceof InvalidEventError || error instanceof UnprocessableEventError))
        throw await failed(error, record, subject);
      await sendToDeadLetters(record, error.reason, error.message);
      logger.error('Message can never be handled; put into the dead-letter queue', {
        ...subject,
        reason: error.reason,
        error: error.message,
      });
      return;
    }
    try {
      await outbox.say(answer);
    } catch (error) {
      throw await failed(error, record, subject);
    }
    logger.info('handled', { ...subject, said: answer.map(({ type }) => type) });
  }

  /** @returns the error, for the batch to report. A retry that could not be hastened comes when the queue's own timeout ends. */
  async function failed(error: unknown, record: SQSRecord, subject: Subject): Promise<unknown> {
    const receiveCount = record.attributes.ApproximateReceiveCount;
    metrics?.count('MessageFailed');
    logger.warn('Message failed and will be delivered again', { ...subject, receiveCount, error: error as Error });
    await delayRetry?.(record).catch((refusal: Error) => {
      logger.warn('The retry of a failed message could not be hastened', { ...subject, error: refusal });
    });
    return error;
  }

  return async (event, context) => {
    const outbox = new BatchOutbox(event.Records.length, publish);
    const processor = new BatchProcessor(BatchSource.SQS);
    try {
      return await processPartialResponse(event, (record: SQSRecord) => handle(record, outbox), processor, {
        context,
        // A batch that failed whole is reported record by record as well: throwing would hide which and why.
        throwOnFullBatchFailure: false,
      });
    } finally {
      metrics?.flush();
    }
  };
}

/** The consumer of a deployed function, wired from its environment. */
export function consumerFromEnvironment(handlers: Handlers, selfAddressed: SelfAddressedHandlers = {}): Consumer {
  const client = new SQSClient();
  return createConsumer({
    handlers,
    selfAddressed,
    publish: publisherFromEnvironment(),
    sendToDeadLetters: createDeadLetters({ client, queueUrl: requireEnvironment('DEAD_LETTER_QUEUE_URL') }),
    delayRetry: createRetryBackoff({ client, queueUrl: requireEnvironment('QUEUE_URL') }),
    logger: new Logger(),
    metrics: metricsFromEnvironment(),
  });
}

async function route(
  envelope: EventEnvelope,
  { attributes }: Pick<SQSRecord, 'attributes'>,
  handlers: Handlers,
  selfAddressed: SelfAddressedHandlers,
): Promise<readonly AirlineEvent[]> {
  const detailType = envelope['detail-type'];
  if (Object.hasOwn(selfAddressed, detailType)) return selfAddressed[detailType]!(envelope);
  const event = parseEvent(envelope);
  const handler = handlers[event.type] as Handler<EventType> | undefined;
  if (!handler)
    throw new InvalidEventError(
      'unknown-detail-type',
      `This service does not listen to ${event.type}; its rules should not send it.`,
    );
  return handler(withTrace(event, attributes.AWSTraceHeader));
}

/** A producer that names no trace may have one all the same: what is said next belongs to the trace of this message alone. */
function withTrace(event: AirlineEvent, traceHeader: string | undefined): AirlineEvent {
  const traceparent = event.metadata.traceparent ?? traceparentOf(traceHeader);
  return traceparent === undefined ? event : { ...event, metadata: { ...event.metadata, traceparent } };
}

/** Collects what the records of one batch say, and publishes it once the last of them has spoken. */
class BatchOutbox {
  readonly #publish: Publish;
  readonly #waiting: { events: readonly AirlineEvent[]; settle: (outcomes: PublishOutcome[]) => void }[] = [];
  #silent: number;

  constructor(records: number, publish: Publish) {
    this.#silent = records;
    this.#publish = publish;
  }

  /** Resolves when all the events are out. @throws PublishError when one is not */
  async say(events: readonly AirlineEvent[]): Promise<void> {
    const spoken = new Promise<PublishOutcome[]>((settle) => this.#waiting.push({ events, settle }));
    this.skip();
    const failure = (await spoken).find((outcome) => outcome !== undefined);
    if (failure) throw failure;
  }

  /** A record that has nothing to say. */
  skip(): void {
    this.#silent -= 1;
    if (this.#silent === 0) void this.#flush();
  }

  async #flush(): Promise<void> {
    const events = this.#waiting.flatMap((record) => record.events);
    const outcomes = await this.#publish(events).catch((error: Error) => events.map(() => error));
    let next = 0;
    for (const { events, settle } of this.#waiting) settle(outcomes.slice(next, (next += events.length)));
  }
}

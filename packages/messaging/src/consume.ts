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
import type { Delivery } from '@airline/events-schemas/reads';
import { createRetryBackoff, type DelayRetry } from './retry-backoff.ts';
import type { SelfAddressedHandlers } from './self-addressed.ts';
import { traceparentOf } from './trace.ts';

/**
 * Does a service's work for one event, and returns the events that the service publishes about it. A handler writes its
 * record before it returns. If its events cannot be published, the message is delivered again; the handler then finds
 * its own record and returns the same events.
 */
export type Handler<T extends EventType> = (
  event: AirlineEvent<T>,
  delivery: Delivery,
) => Promise<readonly AirlineEvent[]>;

/** Detail-type → handler. A service has no other routing. */
export type Handlers = { [T in EventType]?: Handler<T> };

/** Thrown by a handler for an event that can never be handled. The message goes to the dead-letter queue at once. */
export class UnprocessableEventError extends Error {
  override readonly name = 'UnprocessableEventError';
  /** A code for the operator, e.g. `conflicting-request`. */
  readonly reason: string;

  constructor(reason: string, message: string) {
    super(message);
    this.reason = reason;
  }
}

/**
 * Thrown by a handler for an event that came before something it needs. The message is delivered again, like after any
 * failure, but it is not counted as one.
 */
export class TooEarlyError extends Error {
  override readonly name = 'TooEarlyError';
}

export type Consumer = (event: SQSEvent, context: Context) => Promise<SQSBatchResponse>;

export interface ConsumerOptions {
  handlers: Handlers;
  /** Handlers of messages that the service sends to its own queue. @default none: such a message is a dead letter */
  selfAddressed?: SelfAddressedHandlers;
  publish: Publish;
  sendToDeadLetters: SendToDeadLetters;
  /** Sets when a failed message is delivered again. @default when the queue's visibility timeout ends */
  delayRetry?: DelayRetry;
  logger: Pick<Logger, 'info' | 'warn' | 'error'>;
  /** Counts failed messages. Flushed at the end of each batch, with what the handlers counted. @default no metrics */
  metrics?: Pick<BufferedMetrics, 'count' | 'flush'>;
}

/**
 * The consumer of a service's queue.
 * - The records of a batch run side by side, and their events are published in as few PutEvents as possible.
 * - A record whose handler failed, or whose events were not published, is reported as failed; the others are not.
 * - A message that can never be handled is sent to the dead-letter queue with its reason, and then acknowledged.
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
      outbox.addNothing();
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
      await outbox.publish(answer);
    } catch (error) {
      throw await failed(error, record, subject);
    }
    logger.info('handled', { ...subject, said: answer.map(({ type }) => type) });
  }

  /**
   * Counts and logs a failure, and sets the pause before the retry.
   * @returns the error, for the batch to report
   */
  async function failed(error: unknown, record: SQSRecord, subject: Subject): Promise<unknown> {
    const receiveCount = record.attributes.ApproximateReceiveCount;
    if (error instanceof TooEarlyError) {
      logger.info('Message came too early and will be delivered again', {
        ...subject,
        receiveCount,
        error: error.message,
      });
    } else {
      metrics?.count('MessageFailed');
      logger.warn('Message failed and will be delivered again', { ...subject, receiveCount, error: error as Error });
    }
    await delayRetry?.(record).catch((cause: Error) => {
      logger.warn('The pause before a retry could not be set; the visibility timeout applies', {
        ...subject,
        error: cause,
      });
    });
    return error;
  }

  return async (event, context) => {
    const outbox = new BatchOutbox(event.Records.length, publish);
    const processor = new BatchProcessor(BatchSource.SQS);
    try {
      return await processPartialResponse(event, (record: SQSRecord) => handle(record, outbox), processor, {
        context,
        // By default Powertools throws when every record failed. The response would then not name the failed records.
        throwOnFullBatchFailure: false,
      });
    } finally {
      metrics?.flush();
    }
  };
}

/** The consumer of a deployed function, made from its environment variables. @throws Error when one is missing */
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
      `This service has no handler for ${event.type}; its rules should not send it.`,
    );
  return handler(withTrace(event, attributes.AWSTraceHeader), {
    receiveCount: Number(attributes.ApproximateReceiveCount),
  });
}

/** An event without a trace takes the trace of its message, and no other message's. Its effects continue that trace. */
function withTrace(event: AirlineEvent, traceHeader: string | undefined): AirlineEvent {
  const traceparent = event.metadata.traceparent ?? traceparentOf(traceHeader);
  return traceparent === undefined ? event : { ...event, metadata: { ...event.metadata, traceparent } };
}

/** Collects the events of a batch, and publishes them together once every record has added its own. */
class BatchOutbox {
  readonly #publish: Publish;
  readonly #added: { events: readonly AirlineEvent[]; settle: (outcomes: PublishOutcome[]) => void }[] = [];
  #pendingRecords: number;

  constructor(records: number, publish: Publish) {
    this.#pendingRecords = records;
    this.#publish = publish;
  }

  /** Adds a record's events. Resolves when all of them are published. @throws PublishError when one was not */
  async publish(events: readonly AirlineEvent[]): Promise<void> {
    const published = new Promise<PublishOutcome[]>((settle) => this.#added.push({ events, settle }));
    this.addNothing();
    const failure = (await published).find((outcome) => outcome !== undefined);
    if (failure) throw failure;
  }

  /** For a record that has no events. */
  addNothing(): void {
    this.#pendingRecords -= 1;
    if (this.#pendingRecords === 0) void this.#flush();
  }

  async #flush(): Promise<void> {
    const events = this.#added.flatMap((record) => record.events);
    const outcomes = await this.#publish(events).catch((error: Error) => events.map(() => error));
    let next = 0;
    for (const { events, settle } of this.#added) settle(outcomes.slice(next, (next += events.length)));
  }
}

import { BatchProcessor, EventType as BatchSource, processPartialResponse } from '@aws-lambda-powertools/batch';
import { Logger } from '@aws-lambda-powertools/logger';
import { SQSClient } from '@aws-sdk/client-sqs';
import type { AirlineEvent, EventType } from '@airline/events-schemas/events';
import {
  type EventEnvelope,
  InvalidEventError,
  parseEnvelope,
  parseEvent,
  timeAhead,
} from '@airline/events-schemas/parse-event';
import type { Delivery } from '@airline/events-schemas/reads';
import type { Context, SQSBatchResponse, SQSEvent, SQSRecord } from 'aws-lambda';
import { type BatchTime, batchTimeOf, endBy, OutOfTimeError } from './batch-time.ts';
import { type Call, collectCalls } from './calls.ts';
import { logLine } from './log-lines.ts';
import { subjectOf, type Subject } from './log-subject.ts';
import { cut, loggedError } from './logged-error.ts';
import { type BufferedMetrics, metricsFromEnvironment } from './metrics.ts';
import { createDeadLetters, type SendToDeadLetters } from './dead-letters.ts';
import { type Publish, publisherFromEnvironment, type PublishOutcome } from './publish.ts';
import { requireEnvironment } from './environment.ts';
import { createPostpone, longestWaitSeconds, type Postpone, PostponeError, waitedSeconds } from './postpone.ts';
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
  /** Sends a message again for which a handler threw a PostponeError. @default such an error is like every other */
  postpone?: Postpone;
  logger: Pick<Logger, 'info' | 'warn' | 'error'>;
  /**
   * Counts failed messages, and those that wait. Flushed at the end of each batch, with what the handlers counted.
   * @default no metrics
   */
  metrics?: Pick<BufferedMetrics, 'count' | 'flush'>;
  /** Tells whether the time of an event is in the future. @default the clock */
  now?: () => Date;
}

/**
 * A handler that runs for so long is logged before its end. So the log tells a message that is being handled from one
 * that was never delivered, and a quick message costs one line.
 */
const longMilliseconds = 1000;

/** One try to handle a message. */
interface Run {
  record: SQSRecord;
  time: BatchTime;
  receivedAt: Date;
  calls: Call[];
  /** Known as far as the message could be read. */
  subject: Subject & { deadLetterReason?: string };
}

/** Why a message can never be handled: the errors of the contract, and of the handlers. */
type Unprocessable = InvalidEventError | UnprocessableEventError;

/** A message that waits longer than this needs an operator, and is counted each time that it is postponed. */
const acceptedWaitSeconds = 300;

/**
 * The consumer of a service's queue.
 * - The records of a batch run side by side, and their events are published in as few PutEvents as possible.
 * - A record whose handler failed, or whose events were not published, is reported as failed; the others are not.
 * - A record whose handler does not end in time is reported as failed, early enough for the others (`batch-time.ts`).
 *   Its handler cannot be stopped. It may go on while Lambda still runs the environment, now or in a later invocation.
 *   That run is one more of the overlapping runs for which handlers are written: each write is conditional on what was
 *   read. Its events are not published; the next delivery publishes them.
 * - A message that can never be handled is sent to the dead-letter queue with its reason, and then acknowledged.
 * - A message that must wait for something outside is sent to the queue again with a delay, and then acknowledged.
 *   After seven days it is a dead letter.
 */
export function createConsumer({
  handlers,
  selfAddressed = {},
  publish,
  sendToDeadLetters,
  delayRetry,
  postpone,
  logger,
  metrics,
  now = () => new Date(),
}: ConsumerOptions): Consumer {
  async function handle(record: SQSRecord, outbox: BatchOutbox, time: BatchTime): Promise<void> {
    const run: Run = { record, time, receivedAt: now(), calls: [], subject: { messageId: record.messageId } };
    let answer: readonly AirlineEvent[];
    try {
      requireTime(time);
      const envelope = parseEnvelope(record.body);
      run.subject = { ...run.subject, ...subjectOf(envelope) };
      reportClockAhead(envelope, run);
      answer = await collectCalls(run.calls, () => answerInTime(envelope, run));
    } catch (error) {
      outbox.addNothing();
      if (error instanceof PostponeError && postpone) return putOff(error, postpone, run);
      if (!(error instanceof InvalidEventError || error instanceof UnprocessableEventError))
        throw await failed(error, run);
      await bury(error, run);
      return;
    }
    try {
      await outbox.publish(answer);
    } catch (error) {
      throw await failed(error, run);
    }
    logger.info(logLine.handled, { ...endOf(run), said: answer.map(({ type }) => type) });
  }

  /** What the line about the end of a run says of it. */
  function endOf(run: Run) {
    const durationMs = now().getTime() - run.receivedAt.getTime();
    return { ...run.subject, ...deliveryOf(run), durationMs, ...(run.calls.length > 0 && { calls: run.calls }) };
  }

  /** The producer's clock needs an operator. Its events count as of now until then. */
  function reportClockAhead(envelope: EventEnvelope, { subject, receivedAt }: Run): void {
    const milliseconds = timeAhead(envelope, receivedAt);
    if (milliseconds === 0) return;
    metrics?.count('ClockAhead');
    const secondsAhead = Math.ceil(milliseconds / 1000);
    logger.warn('The time of the event is in the future; it counts as now', { ...subject, secondsAhead });
  }

  /** The events of the handler. @throws OutOfTimeError when it does not end in time; a later result is only logged */
  async function answerInTime(envelope: EventEnvelope, run: Run): Promise<readonly AirlineEvent[]> {
    const { record, subject, time, receivedAt } = run;
    const answering = route(envelope, record, handlers, selfAddressed, time, receivedAt);
    const longRun = setTimeout(() => {
      const endsBy = Number.isFinite(time.bookkeeping) && { endsBy: new Date(time.bookkeeping).toISOString() };
      logger.info(logLine.handling, { ...subject, ...deliveryOf(run), ...endsBy });
    }, longMilliseconds).unref();
    try {
      return await endBy(time.handlers, 'The handler', answering);
    } catch (error) {
      if (error instanceof OutOfTimeError) {
        answering.then(
          () => logger.info('A handler ended after its message was reported as failed', { ...subject }),
          (late) =>
            late !== error &&
            logger.warn('A handler failed after its message was reported as failed', {
              ...subject,
              error: loggedError(late),
            }),
        );
      }
      throw error;
    } finally {
      clearTimeout(longRun);
    }
  }

  /** Sends a message that can never be handled to the dead-letter queue. Without that it must not be acknowledged. */
  async function bury({ reason, message }: Unprocessable, run: Run): Promise<void> {
    const { record, subject, time } = run;
    try {
      await endBy(time.bookkeeping, 'Sending the dead letter', sendToDeadLetters(record, reason, message));
    } catch (error) {
      throw await failed(error, { ...run, subject: { ...subject, deadLetterReason: reason } });
    }
    logger.error(logLine.buried, { ...endOf(run), reason, error: cut(message) });
  }

  /** Postpones a message, unless it has waited too long. Without a new message it must not be acknowledged. */
  async function putOff(error: PostponeError, postpone: Postpone, run: Run): Promise<void> {
    const { record, time } = run;
    const waited = waitedSeconds(record, now());
    if (waited >= longestWaitSeconds) {
      return bury(new UnprocessableEventError('waited-too-long', error.message), run);
    }
    try {
      const sending = postpone(record, now());
      const { delaySeconds } = await endBy(time.bookkeeping, 'Postponing the message', sending);
      const nextTryAt = new Date(now().getTime() + delaySeconds * 1000).toISOString();
      if (waited >= acceptedWaitSeconds) metrics?.count('MessageWaiting');
      const details = { waitedSeconds: Math.round(waited), nextTryAt };
      logger.warn(logLine.postponed, { ...endOf(run), ...details, error: cut(error.message) });
    } catch (cause) {
      throw await failed(cause, run);
    }
  }

  /**
   * Counts and logs a failure, and sets the pause before the retry.
   * @returns the error, for the batch to report
   */
  async function failed(error: unknown, run: Run): Promise<unknown> {
    const end = endOf(run);
    const nextTryAt = await nextTryOf(run);
    const details = { ...end, ...(nextTryAt !== undefined && { nextTryAt }) };
    if (error instanceof TooEarlyError) {
      logger.info(logLine.tooEarly, { ...details, error: cut(error.message) });
    } else {
      metrics?.count('MessageFailed');
      logger.warn(logLine.failed, { ...details, error: loggedError(error) });
    }
    return error;
  }

  /** Sets the pause before the retry. @returns when the pause ends; undefined if the visibility timeout applies */
  async function nextTryOf({ record, subject, time }: Run): Promise<string | undefined> {
    if (!delayRetry) return undefined;
    try {
      const seconds = await endBy(time.bookkeeping, 'Setting the pause', delayRetry(record));
      return new Date(now().getTime() + seconds * 1000).toISOString();
    } catch (cause) {
      logger.warn('The pause before a retry could not be set; the visibility timeout applies', {
        ...subject,
        error: loggedError(cause),
      });
      return undefined;
    }
  }

  return async (event, context) => {
    const time = batchTimeOf(context);
    const outbox = new BatchOutbox(event.Records.length, publish, time.publishing);
    const processor = new BatchProcessor(BatchSource.SQS);
    try {
      return await processPartialResponse(event, (record: SQSRecord) => handle(record, outbox, time), processor, {
        context,
        // By default Powertools throws when every record failed. The response would then not name the failed records.
        throwOnFullBatchFailure: false,
      });
    } finally {
      try {
        metrics?.flush();
      } catch (error) {
        // Thrown from here, it would replace the answer: the whole batch would be delivered again.
        logger.error('Metrics could not be written', { error: loggedError(error) });
      }
    }
  };
}

function receiveCountOf({ attributes }: Pick<SQSRecord, 'attributes'>): number {
  return Number(attributes.ApproximateReceiveCount);
}

/** What a log line says about a delivery. The wait counts from the first delivery to the queue, retries included. */
function deliveryOf({ record, receivedAt }: Pick<Run, 'record' | 'receivedAt'>) {
  const sentAt = Number(record.attributes.SentTimestamp);
  return {
    receiveCount: receiveCountOf(record),
    ...(sentAt > 0 && { queueWaitMs: Math.max(0, receivedAt.getTime() - sentAt) }),
  };
}

/** Nothing is begun after the time of the handlers, for which other work of this thread can be the reason. */
function requireTime({ handlers }: BatchTime): void {
  if (Date.now() >= handlers) throw new OutOfTimeError('The time of the batch was over before this message was begun.');
}

/** The consumer of a deployed function, made from its environment variables. @throws Error when one is missing */
export function consumerFromEnvironment(handlers: Handlers, selfAddressed: SelfAddressedHandlers = {}): Consumer {
  const client = new SQSClient();
  const queueUrl = requireEnvironment('QUEUE_URL');
  return createConsumer({
    handlers,
    selfAddressed,
    publish: publisherFromEnvironment(),
    sendToDeadLetters: createDeadLetters({ client, queueUrl: requireEnvironment('DEAD_LETTER_QUEUE_URL') }),
    delayRetry: createRetryBackoff({ client, queueUrl }),
    postpone: createPostpone({ client, queueUrl }),
    logger: new Logger(),
    metrics: metricsFromEnvironment(),
  });
}

async function route(
  envelope: EventEnvelope,
  { attributes }: Pick<SQSRecord, 'attributes'>,
  handlers: Handlers,
  selfAddressed: SelfAddressedHandlers,
  time: BatchTime,
  receivedAt: Date,
): Promise<readonly AirlineEvent[]> {
  const detailType = envelope['detail-type'];
  if (Object.hasOwn(selfAddressed, detailType)) return selfAddressed[detailType]!(envelope);
  const event = parseEvent(envelope, receivedAt);
  const handler = handlers[event.type] as Handler<EventType> | undefined;
  if (!handler)
    throw new InvalidEventError(
      'unknown-detail-type',
      `This service has no handler for ${event.type}; its rules should not send it.`,
    );
  requireTime(time);
  return handler(withTrace(event, attributes.AWSTraceHeader), {
    receiveCount: receiveCountOf({ attributes }),
    deadline: time.handlers,
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
  readonly #publishUntil: number;
  readonly #added: { events: readonly AirlineEvent[]; settle: (outcomes: PublishOutcome[]) => void }[] = [];
  #pendingRecords: number;

  constructor(records: number, publish: Publish, publishUntil: number) {
    this.#pendingRecords = records;
    this.#publish = publish;
    this.#publishUntil = publishUntil;
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
    const outcomes = await this.#outcomesOf(events).catch((error: Error) => events.map(() => error));
    let next = 0;
    for (const { events, settle } of this.#added) settle(outcomes.slice(next, (next += events.length)));
  }

  async #outcomesOf(events: readonly AirlineEvent[]): Promise<PublishOutcome[]> {
    const outcomes = await endBy(this.#publishUntil, 'Publishing', this.#publish(events));
    // A missing outcome would count as published.
    if (outcomes.length === events.length) return outcomes;
    throw new Error(`The publisher has ${outcomes.length} outcomes for ${events.length} events.`);
  }
}

import { BatchProcessor, EventType as BatchSource, processPartialResponse } from '@aws-lambda-powertools/batch';
import { Logger } from '@aws-lambda-powertools/logger';
import { SQSClient } from '@aws-sdk/client-sqs';
import type { AirlineEvent, EventType } from '@airline/events-schemas/events';
import { InvalidEventError, parseMessage } from '@airline/events-schemas/parse-event';
import type { Context, SQSBatchResponse, SQSEvent, SQSRecord } from 'aws-lambda';
import { createDeadLetters, type SendToDeadLetters } from './dead-letters.ts';
import { type Publish, publisherFromEnvironment, type PublishOutcome } from './publish.ts';
import { requireEnvironment } from './environment.ts';

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
  publish: Publish;
  sendToDeadLetters: SendToDeadLetters;
  logger: Pick<Logger, 'info' | 'warn' | 'error'>;
}

/**
 * The consumer of a service's queue. The records of a batch run side by side, their events leave in as few PutEvents as fit, and
 * a record that failed, or whose events did not get out, is reported as failed, alone. What can never succeed is put into the
 * dead-letter queue with its reason and then acknowledged.
 */
export function createConsumer({ handlers, publish, sendToDeadLetters, logger }: ConsumerOptions): Consumer {
  async function handle(record: SQSRecord, outbox: BatchOutbox): Promise<void> {
    let event: AirlineEvent;
    let answer: readonly AirlineEvent[];
    try {
      event = parseMessage(record.body);
      answer = await route(event, handlers);
    } catch (error) {
      outbox.skip();
      if (!(error instanceof InvalidEventError || error instanceof UnprocessableEventError)) throw failed(error, record, logger);
      await sendToDeadLetters(record, error.reason, error.message);
      logger.error('Message can never be handled; put into the dead-letter queue', { messageId: record.messageId, reason: error.reason, error: error.message });
      return;
    }
    try {
      await outbox.say(answer);
    } catch (error) {
      throw failed(error, record, logger);
    }
    logger.info('handled', {
      detailType: event.type,
      correlationId: event.metadata.correlationId,
      eventId: event.metadata.eventId,
      said: answer.map(({ type }) => type),
    });
  }

  return async (event, context) => {
    const outbox = new BatchOutbox(event.Records.length, publish);
    const processor = new BatchProcessor(BatchSource.SQS);
    return processPartialResponse(event, (record: SQSRecord) => handle(record, outbox), processor, {
      context,
      // A batch that failed whole is reported record by record as well: throwing would hide which and why.
      throwOnFullBatchFailure: false,
    });
  };
}

/** The consumer of a deployed function, wired from its environment. */
export function consumerFromEnvironment(handlers: Handlers): Consumer {
  return createConsumer({
    handlers,
    publish: publisherFromEnvironment(),
    sendToDeadLetters: createDeadLetters({ client: new SQSClient(), queueUrl: requireEnvironment('DEAD_LETTER_QUEUE_URL') }),
    logger: new Logger(),
  });
}

async function route(event: AirlineEvent, handlers: Handlers): Promise<readonly AirlineEvent[]> {
  const handler = handlers[event.type] as Handler<EventType> | undefined;
  if (!handler) throw new InvalidEventError('unknown-detail-type', `This service does not listen to ${event.type}; its rules should not send it.`);
  return handler(event);
}

function failed(error: unknown, record: SQSRecord, logger: ConsumerOptions['logger']): unknown {
  logger.warn('Message failed and will be delivered again', {
    messageId: record.messageId,
    receiveCount: record.attributes.ApproximateReceiveCount,
    error: error as Error,
  });
  return error;
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

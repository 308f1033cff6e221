import { type AirlineEvent, newEvent, sourceOf } from '@airline/events-schemas/events';
import { Logger } from '@aws-lambda-powertools/logger';
import { describe, expect, test } from '@jest/globals';
import type { Context, SQSRecord } from 'aws-lambda';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { randomUUID } from 'node:crypto';
import { batchTimeOf, handlersReserveMilliseconds, OutOfTimeError, reserveMilliseconds } from '../src/batch-time.ts';
import {
  type ConsumerOptions,
  createConsumer,
  type Handlers,
  TooEarlyError,
  UnprocessableEventError,
} from '../src/consume.ts';
import { logLine } from '../src/log-lines.ts';
import { longestWaitSeconds, type Postpone, PostponeError } from '../src/postpone.ts';
import type { DelayRetry } from '../src/retry-backoff.ts';
import type { SelfAddressedHandlers } from '../src/self-addressed.ts';
import { PublishError, type PublishOutcome } from '../src/publish.ts';

const at = '2026-12-01T09:30:00Z';

function released(): AirlineEvent<'SeatReleased'> {
  return newEvent(
    'SeatReleased',
    { bookingId: randomUUID(), flightId: 'KL1001-20261218', seats: ['12A'], reason: 'payment-failed' },
    { occurredAt: at },
  );
}

function receiptOf({ data }: AirlineEvent<'SeatReleased'>): AirlineEvent<'ReceiptIssued'> {
  return newEvent(
    'ReceiptIssued',
    { bookingId: data.bookingId, receiptNumber: 'R-1', issuedAt: at },
    { occurredAt: at },
  );
}

function record(body: string): SQSRecord {
  return { messageId: randomUUID(), body, attributes: { ApproximateReceiveCount: '1' } } as SQSRecord;
}

function message({ type, metadata, data }: AirlineEvent): SQSRecord {
  return record(JSON.stringify({ 'detail-type': type, source: sourceOf(type), time: at, detail: { metadata, data } }));
}

interface World {
  handlers?: Handlers;
  publish?: (events: readonly AirlineEvent[]) => Promise<PublishOutcome[]>;
  deadLettersFail?: boolean;
  selfAddressed?: SelfAddressedHandlers;
  delayRetry?: DelayRetry;
  postpone?: Postpone;
  sendToDeadLetters?: ConsumerOptions['sendToDeadLetters'];
  metrics?: NonNullable<ConsumerOptions['metrics']>;
  logger?: ConsumerOptions['logger'];
  now?: () => Date;
}

function consumer({
  handlers = { SeatReleased: async (event) => [receiptOf(event)] },
  publish,
  deadLettersFail,
  ...rest
}: World = {}) {
  const published: (readonly AirlineEvent[])[] = [];
  const deadLetters: { body: string; reason: string; error: string }[] = [];
  const logged: Record<string, unknown>[] = [];
  const counted: string[] = [];
  const log = (message: unknown, ...attributes: unknown[]) =>
    void logged.push(Object.assign({ message }, ...attributes) as Record<string, unknown>);
  const consume = createConsumer({
    handlers,
    publish: async (events) => {
      published.push(events);
      return publish ? publish(events) : events.map(() => undefined);
    },
    sendToDeadLetters: async ({ body }, reason, error) => {
      if (deadLettersFail) throw new Error('the queue is not available');
      deadLetters.push({ body, reason, error });
    },
    logger: { info: log, warn: log, error: log },
    metrics: { count: (name) => counted.push(name), flush: () => counted.push('flush') },
    ...rest,
  });
  const within = async (milliseconds: number, ...records: SQSRecord[]): Promise<string[]> => {
    const end = Date.now() + milliseconds;
    const { batchItemFailures } = await consume({ Records: records }, {
      getRemainingTimeInMillis: () => end - Date.now(),
    } as Context);
    return batchItemFailures.map(({ itemIdentifier }) => itemIdentifier);
  };
  return {
    published,
    deadLetters,
    logged,
    counted,
    /** Both return the messages that were not acknowledged. */
    consume: Object.assign((...records: SQSRecord[]) => within(10_000, ...records), { within }),
  };
}

describe('a message whose handler throws a PostponeError', () => {
  const refusing: Handlers = { SeatReleased: () => Promise.reject(new PostponeError('not verified')) };
  const now = () => new Date('2026-12-08T09:30:00Z');
  const waiting = (seconds: number): SQSRecord => ({
    ...message(released()),
    messageAttributes: {
      waitingSince: {
        dataType: 'String',
        stringValue: new Date(now().getTime() - 1000 * seconds).toISOString(),
      },
    },
  });

  test('is sent again, acknowledged, and counted neither as failed nor as waiting', async () => {
    const postponed: SQSRecord[] = [];
    const postpone: Postpone = async (record) => ({ delaySeconds: postponed.push(record) });
    const { consume, deadLetters, counted } = consumer({ handlers: refusing, postpone });
    const record = message(released());
    expect(await consume(record)).toEqual([]);
    expect([postponed, deadLetters, counted]).toEqual([[record], [], ['flush']]);
  });

  test('does not hold up the others of its batch', async () => {
    const [first, second] = [released(), released()];
    const { consume, published } = consumer({
      handlers: {
        SeatReleased: async (event) => {
          if (event.data.bookingId === first.data.bookingId) throw new PostponeError('not verified');
          return [receiptOf(event)];
        },
      },
      postpone: async () => ({ delaySeconds: 5 }),
    });
    expect(await consume(message(first), message(second))).toEqual([]);
    expect(published).toEqual([[receiptOf(second)]]);
  });

  test.each([
    [299, ['flush']],
    [300, ['MessageWaiting', 'flush']],
    [longestWaitSeconds - 1, ['MessageWaiting', 'flush']],
  ])('after %d seconds is sent again, and counts %j', async (seconds, expected) => {
    const { consume, counted } = consumer({ handlers: refusing, now, postpone: async () => ({ delaySeconds: 720 }) });
    expect(await consume(waiting(seconds))).toEqual([]);
    expect(counted).toEqual(expected);
  });

  test('after seven days is a dead letter with the reason of the refusal', async () => {
    const { consume, deadLetters } = consumer({
      handlers: refusing,
      now,
      postpone: () => Promise.reject(new Error('must not be called')),
    });
    const record = waiting(longestWaitSeconds);
    expect(await consume(record)).toEqual([]);
    expect(deadLetters).toEqual([{ body: record.body, reason: 'waited-too-long', error: 'not verified' }]);
  });

  test('is not acknowledged if it cannot be sent again', async () => {
    const { consume, counted } = consumer({
      handlers: refusing,
      postpone: () => Promise.reject(new Error('the queue is not available')),
    });
    const record = message(released());
    expect(await consume(record)).toEqual([record.messageId]);
    expect(counted).toEqual(['MessageFailed', 'flush']);
  });

  test('is a failure like others where messages are not postponed', async () => {
    const { consume, counted } = consumer({ handlers: refusing });
    const record = message(released());
    expect(await consume(record)).toEqual([record.messageId]);
    expect(counted).toEqual(['MessageFailed', 'flush']);
  });
});

describe('a batch', () => {
  test('is handled, publishes the events of its records together, and is acknowledged', async () => {
    const { consume, published } = consumer();
    const events = [released(), released(), released()];
    expect(await consume(...events.map(message))).toEqual([]);
    expect(published).toEqual([events.map(receiptOf)]);
  });

  test('is handled side by side: a record can wait for another', async () => {
    const [first, second] = [released(), released()];
    let proceed!: () => void;
    const secondRan = new Promise<void>((resolve) => (proceed = resolve));
    const { consume } = consumer({
      handlers: {
        SeatReleased: async ({ data }) => {
          if (data.bookingId === first.data.bookingId) await secondRan;
          else proceed();
          return [];
        },
      },
    });
    expect(await consume(message(first), message(second))).toEqual([]);
  });

  test('reports only the record whose handler failed', async () => {
    const [good, bad] = [released(), released()];
    const { consume, published } = consumer({
      handlers: {
        SeatReleased: async (event) => {
          if (event.data.bookingId === bad.data.bookingId) throw new Error('table is on fire');
          return [receiptOf(event)];
        },
      },
    });
    const records = [message(good), message(bad)];
    expect(await consume(...records)).toEqual([records[1]!.messageId]);
    expect(published).toEqual([[receiptOf(good)]]);
  });

  test('reports only the record whose event was not published', async () => {
    const { consume } = consumer({
      publish: async (events) => events.map((_, index) => (index === 1 ? new PublishError('refused') : undefined)),
    });
    const records = [released(), released(), released()].map(message);
    expect(await consume(...records)).toEqual([records[1]!.messageId]);
  });

  test('reports every record when publishing throws', async () => {
    const { consume } = consumer({
      publish: async () => {
        throw new Error('a defect');
      },
    });
    const records = [released(), released()].map(message);
    expect(await consume(...records)).toEqual(records.map(({ messageId }) => messageId));
  });

  test('publishes nothing when no handler returns an event', async () => {
    const { consume, published } = consumer({ handlers: { SeatReleased: async () => [] } });
    expect(await consume(message(released()))).toEqual([]);
    expect(published.flat()).toEqual([]);
  });
});

describe('a message that can never be handled', () => {
  const withoutHandler = newEvent(
    'ReceiptIssued',
    { bookingId: randomUUID(), receiptNumber: 'R-1', issuedAt: at },
    { occurredAt: at },
  );
  test.each([
    ['not JSON', record('<xml/>'), 'not-json'],
    [
      'of a type that the contract does not define',
      record(JSON.stringify({ 'detail-type': 'X', source: 's', time: at, detail: {} })),
      'unknown-detail-type',
    ],
    ['of a type that this service has no handler for', message(withoutHandler), 'unknown-detail-type'],
    [
      'that breaks its schema',
      message({ ...released(), data: { bookingId: 'no' } } as unknown as AirlineEvent),
      'schema-violation',
    ],
  ])(
    '%s: is sent to the dead-letter queue with its reason and acknowledged; the other messages are not affected',
    async (_, poison, reason) => {
      const { consume, deadLetters, published } = consumer();
      const event = released();
      expect(await consume(poison, message(event))).toEqual([]);
      expect(deadLetters).toMatchObject([{ body: poison.body, reason }]);
      expect(deadLetters[0]!.error.length).toBeGreaterThan(10);
      expect(published).toEqual([[receiptOf(event)]]);
    },
  );

  test('because its handler threw UnprocessableEventError: has the reason of that error', async () => {
    const { consume, deadLetters } = consumer({
      handlers: {
        SeatReleased: async () => {
          throw new UnprocessableEventError('conflicting-request', 'the first request differs');
        },
      },
    });
    expect(await consume(message(released()))).toEqual([]);
    expect(deadLetters).toMatchObject([{ reason: 'conflicting-request', error: 'the first request differs' }]);
  });

  test('is not acknowledged when it could not be sent to the dead-letter queue', async () => {
    const { consume } = consumer({ deadLettersFail: true });
    const poison = record('<xml/>');
    expect(await consume(poison)).toEqual([poison.messageId]);
  });
});

describe('a message that the service sends to itself', () => {
  const alarm = (detail: unknown = { data: { id: 7 } }): SQSRecord =>
    record(JSON.stringify({ 'detail-type': 'AlarmRang', source: 'airline.test', time: at, detail }));
  const answer = receiptOf(released());

  test('reaches its handler unchanged, and the events of the handler are published', async () => {
    const handled: unknown[] = [];
    const { consume, published, deadLetters } = consumer({
      selfAddressed: {
        AlarmRang: async (message) => {
          handled.push(message);
          return [answer];
        },
      },
    });
    expect(await consume(alarm())).toEqual([]);
    expect(handled).toEqual([
      { 'detail-type': 'AlarmRang', source: 'airline.test', time: at, detail: { data: { id: 7 } } },
    ]);
    expect([published, deadLetters]).toEqual([[[answer]], []]);
  });

  test('is a dead letter when the service has no handler for it', async () => {
    const { consume, deadLetters } = consumer();
    expect(await consume(alarm())).toEqual([]);
    expect(deadLetters).toMatchObject([{ reason: 'unknown-detail-type' }]);
  });

  test.each(['toString', 'constructor', '__proto__'])(
    'is not found by the name of a built-in property: %s',
    async (detailType) => {
      const { consume, deadLetters } = consumer({ selfAddressed: { AlarmRang: async () => [] } });
      await consume(record(JSON.stringify({ 'detail-type': detailType, source: 's', time: at, detail: {} })));
      expect(deadLetters).toMatchObject([{ reason: 'unknown-detail-type' }]);
    },
  );

  test('goes to the dead-letter queue when the service cannot have sent it, and is retried when its handler fails', async () => {
    const { consume, deadLetters } = consumer({
      selfAddressed: {
        AlarmRang: async ({ detail }) => {
          if (detail === null) throw new UnprocessableEventError('schema-violation', 'not sent by this service');
          throw new Error('table is on fire');
        },
      },
    });
    const failing = alarm();
    expect(await consume(alarm(null), failing)).toEqual([failing.messageId]);
    expect(deadLetters).toMatchObject([{ reason: 'schema-violation', error: 'not sent by this service' }]);
  });
});

describe('a message that failed', () => {
  const failing: Handlers = {
    SeatReleased: async () => {
      throw new Error('table is on fire');
    },
  };

  test('has its retry delayed; a dead letter has not', async () => {
    const bad = message(released());
    const delayed: unknown[] = [];
    const { consume } = consumer({ handlers: failing, delayRetry: async (failed) => delayed.push(failed) });
    expect(await consume(bad, record('<xml/>'))).toEqual([bad.messageId]);
    expect(delayed).toEqual([bad]);
  });

  test('because its event was not published has its retry delayed too', async () => {
    const bad = message(released());
    const delayed: unknown[] = [];
    const { consume } = consumer({
      publish: async (events) => events.map(() => new PublishError('refused')),
      delayRetry: async (failed) => delayed.push(failed),
    });
    expect(await consume(bad)).toEqual([bad.messageId]);
    expect(delayed).toEqual([bad]);
  });

  test('is still reported as failed when its retry cannot be delayed', async () => {
    const bad = message(released());
    const { consume } = consumer({ handlers: failing, delayRetry: () => Promise.reject(new Error('throttled')) });
    expect(await consume(bad)).toEqual([bad.messageId]);
  });
});

describe('the log', () => {
  const subjectOf = ({ type, metadata }: AirlineEvent, { messageId }: SQSRecord) => ({
    messageId,
    detailType: type,
    correlationId: metadata.correlationId,
    eventId: metadata.eventId,
  });

  test('has the booking, event and type in every line about a message: handled, failed, or a dead letter', async () => {
    for (const handler of [
      async () => [],
      () => Promise.reject(new Error('down')),
      () => Promise.reject(new UnprocessableEventError('no', 'never')),
    ]) {
      const event = released();
      const sent = message(event);
      const { consume, logged } = consumer({
        handlers: { SeatReleased: handler },
        delayRetry: () => Promise.reject(new Error('no')),
      });
      await consume(sent);
      expect(logged.length).toBeGreaterThan(0);
      for (const line of logged) expect(line).toMatchObject(subjectOf(event, sent));
    }
  });

  test('says of a handled message how long it waited, how long it took, and what was said', async () => {
    const times = [1500, 1540].map((milliseconds) => new Date(Date.parse(at) + milliseconds));
    const sent = message(released());
    Object.assign(sent.attributes, { ApproximateReceiveCount: '2', SentTimestamp: String(Date.parse(at)) });
    const { consume, logged } = consumer({ now: () => (times.length > 1 ? times.shift()! : times[0]!) });
    await consume(sent);
    const handled = { receiveCount: 2, queueWaitMs: 1500, durationMs: 40, said: ['ReceiptIssued'] };
    expect(logged).toMatchObject([{ message: logLine.handled, ...handled }]);
  });

  test('says of a failed message which try it was, and when the next one is', async () => {
    const { consume, logged } = consumer({
      handlers: { SeatReleased: () => Promise.reject(new Error('down')) },
      delayRetry: async () => 8,
      now: () => new Date(at),
    });
    await consume(message(released()));
    const nextTryAt = '2026-12-01T09:30:08.000Z';
    expect(logged).toMatchObject([{ message: logLine.failed, receiveCount: 1, nextTryAt, error: { message: 'down' } }]);
  });

  test('says that a message is being handled once that takes a second, and by when it will have ended', async () => {
    let end!: () => void;
    const ended = new Promise<AirlineEvent[]>((resolve) => (end = () => resolve([])));
    const { consume, logged } = consumer({ handlers: { SeatReleased: () => ended } });
    const consumed = consume(message(released()));
    while (logged.length === 0) await new Promise((resolve) => setTimeout(resolve, 20));
    expect(logged).toMatchObject([{ message: logLine.handling, receiveCount: 1 }]);
    expect(Date.parse(logged[0]!.endsBy as string)).toBeGreaterThan(Date.now() + 5000);
    end();
    await consumed;
    expect(logged.map(({ message: line }) => line)).toEqual([logLine.handling, logLine.handled]);
  });

  test('has the booking of an event without metadata too', async () => {
    const { data } = released();
    const { consume, logged } = consumer();
    await consume(
      record(JSON.stringify({ 'detail-type': 'SeatReleased', source: 'airline.seats', time: at, detail: { data } })),
    );
    expect(logged[0]).toMatchObject({ correlationId: data.bookingId, eventId: `${data.bookingId}.SeatReleased` });
  });

  test('has no value that does not look like an id: it may be personal data', async () => {
    const { consume, logged } = consumer();
    const detail = { data: { bookingId: 'Ada Lovelace' }, metadata: { eventId: 'ada@example.com' } };
    await consume(record(JSON.stringify({ 'detail-type': 'SeatReleased', source: 'airline.seats', time: at, detail })));
    expect(JSON.stringify(logged)).not.toMatch(/Ada|ada@/);
    expect(logged[0]).toMatchObject({ detailType: 'SeatReleased', reason: 'schema-violation' });
  });
});

describe('metrics', () => {
  test('count each failed message, and are flushed at the end of the batch', async () => {
    const { consume, counted } = consumer({ handlers: { SeatReleased: () => Promise.reject(new Error('down')) } });
    await consume(message(released()), message(released()), record('poison'));
    expect(counted).toEqual(['MessageFailed', 'MessageFailed', 'flush']);
  });
});

describe('the trace of a message', () => {
  const header = (letter: string): string =>
    `Root=1-${letter.repeat(8)}-${letter.repeat(24)};Parent=${letter.repeat(16)};Sampled=1`;
  const tracing: Handlers = {
    SeatReleased: async (event) => [
      newEvent(
        'ReceiptIssued',
        { bookingId: event.data.bookingId, receiptNumber: 'R-1', issuedAt: at },
        { occurredAt: at, causedBy: event },
      ),
    ],
  };
  const traced = (event: AirlineEvent, AWSTraceHeader?: string): SQSRecord => {
    const plain = message(event);
    return { ...plain, attributes: { ...plain.attributes, ...(AWSTraceHeader && { AWSTraceHeader }) } };
  };

  test('continues in the events that it causes, for each message of a batch separately', async () => {
    const { consume, published } = consumer({ handlers: tracing });
    await consume(traced(released(), header('a')), traced(released(), header('b')), traced(released()));
    expect(published[0]!.map(({ metadata }) => metadata.traceparent)).toEqual([
      `00-${'a'.repeat(32)}-${'a'.repeat(16)}-01`,
      `00-${'b'.repeat(32)}-${'b'.repeat(16)}-01`,
      undefined,
    ]);
  });

  test('is the one in the metadata of the event, when there is one', async () => {
    const { consume, published } = consumer({ handlers: tracing });
    const event = released();
    const traceparent = `00-${'c'.repeat(32)}-${'c'.repeat(16)}-00`;
    await consume(traced({ ...event, metadata: { ...event.metadata, traceparent } }, header('a')));
    expect(published[0]![0]!.metadata.traceparent).toBe(traceparent);
  });
});

describe('the time of a batch', () => {
  const [slow, quick] = [released(), released()];
  const never = new Promise<never>(() => undefined);

  /** A batch in which one of two records never ends. */
  function withSlowRecord(world: World = {}, work: Promise<readonly AirlineEvent[]> = never) {
    return consumer({
      handlers: {
        SeatReleased: async (event) => (event.data.bookingId === slow.data.bookingId ? work : [receiptOf(event)]),
      },
      ...world,
    });
  }

  test('fails a slow record alone: the events of the others leave, and the batch is answered in time', async () => {
    const delayed: unknown[] = [];
    const { consume, published, logged, counted } = withSlowRecord({
      delayRetry: async (record) => delayed.push(record),
    });
    const records = [message(slow), message(quick)];
    const began = Date.now();
    expect(await consume.within(handlersReserveMilliseconds + 200, ...records)).toEqual([records[0]!.messageId]);
    const took = Date.now() - began;
    expect(took).toBeGreaterThanOrEqual(190);
    expect(took).toBeLessThan(200 + handlersReserveMilliseconds - 1000);
    expect(published).toEqual([[receiptOf(quick)]]);
    expect(delayed).toEqual([records[0]]);
    expect(counted).toEqual(['MessageFailed', 'flush']);
    expect(logged.find(({ error }) => error instanceof OutOfTimeError)).toMatchObject({
      messageId: records[0]!.messageId,
      correlationId: slow.data.bookingId,
    });
  });

  test('is told to the handlers', async () => {
    const deadlines: (number | undefined)[] = [];
    const { consume } = consumer({
      handlers: { SeatReleased: async (_, { deadline }) => (deadlines.push(deadline), []) },
    });
    const began = Date.now();
    await consume.within(10_000, message(quick));
    expect(deadlines[0]! - began).toBeGreaterThanOrEqual(10_000 - handlersReserveMilliseconds);
    expect(deadlines[0]! - began).toBeLessThan(10_000 - handlersReserveMilliseconds + 1000);
  });

  test.each([
    ['a result', async () => [receiptOf(slow)], 'A handler ended after its message was reported as failed'],
    [
      'a failure',
      () => Promise.reject(new Error('too late')),
      'A handler failed after its message was reported as failed',
    ],
  ] as const)(
    'ignores %s that comes later: it is neither published nor unhandled, and is logged',
    async (_, end, line) => {
      let proceed!: () => void;
      const work = new Promise<void>((resolve) => (proceed = resolve)).then(end);
      const { consume, published, logged } = withSlowRecord({}, work);
      const record = message(slow);
      expect(await consume.within(handlersReserveMilliseconds + 20, record)).toEqual([record.messageId]);
      proceed();
      await new Promise((resolve) => setTimeout(resolve, 10));
      expect(published.flat()).toEqual([]);
      expect(logged.map(({ message }) => message)).toContain(line);
    },
  );

  test('is not spent on a record that comes too late to be begun', async () => {
    const begun: string[] = [];
    const { consume } = consumer({
      handlers: {
        SeatReleased: async ({ data }) => {
          begun.push(data.bookingId);
          // Work of this thread that nothing can interrupt, such as a validation.
          for (const until = Date.now() + 60; Date.now() < until;);
          return [];
        },
      },
    });
    const records = [message(slow), message(quick)];
    expect(await consume.within(handlersReserveMilliseconds + 40, ...records)).toContain(records[1]!.messageId);
    expect(begun).toEqual([slow.data.bookingId]);
  });

  test('ends publishing, and the records whose events may not have left are reported', async () => {
    const { consume } = consumer({ publish: () => never });
    const record = message(quick);
    const remaining = reserveMilliseconds.answering + reserveMilliseconds.bookkeeping + 3 * 1000;
    const began = Date.now();
    expect(await consume.within(remaining, record)).toEqual([record.messageId]);
    expect(Date.now() - began).toBeLessThan(remaining);
  }, 10_000);

  test('ends the bookkeeping of failures: dead letters and pauses', async () => {
    const { consume, logged } = withSlowRecord({
      handlers: { SeatReleased: () => Promise.reject(new Error('down')) },
      delayRetry: () => never,
      sendToDeadLetters: () => never,
    });
    const records = [message(slow), record('<xml/>')];
    const began = Date.now();
    expect(await consume.within(handlersReserveMilliseconds, ...records)).toHaveLength(2);
    expect(Date.now() - began).toBeLessThan(handlersReserveMilliseconds);
    expect(logged.filter(({ error }) => error instanceof OutOfTimeError).length).toBeGreaterThan(0);
  }, 10_000);

  test('has its parts in order, and leaves a handler most of a function’s ten seconds', () => {
    const now = Date.now();
    const time = batchTimeOf({ getRemainingTimeInMillis: () => 10_000 });
    expect(time.handlers).toBeGreaterThanOrEqual(now + 7000);
    expect(time.publishing - time.handlers).toBe(reserveMilliseconds.publishing);
    expect(time.bookkeeping - time.publishing).toBe(reserveMilliseconds.bookkeeping);
    expect(time.bookkeeping).toBeLessThan(now + 10_000);
  });
});

/** Powertools' logger, which is what a deployed function has. Its lines go to `print`. */
function printing(print: (line: string) => void): Logger {
  const logger = new Logger();
  const console = { debug: print, info: print, warn: print, error: print, log: print, trace: print };
  Object.defineProperty(logger, 'console', { value: console });
  return logger;
}

describe('no failure is silent', () => {
  test('a dead letter that cannot be sent is logged with its reason, counted and retried later', async () => {
    const delayed: unknown[] = [];
    const { consume, logged, counted } = consumer({
      deadLettersFail: true,
      delayRetry: async (record) => delayed.push(record),
    });
    const poison = record('<xml/>');
    expect(await consume(poison)).toEqual([poison.messageId]);
    expect(logged).toMatchObject([
      { messageId: poison.messageId, deadLetterReason: 'not-json', error: { message: 'the queue is not available' } },
    ]);
    expect(counted).toEqual(['MessageFailed', 'flush']);
    expect(delayed).toEqual([poison]);
  });

  test('metrics that cannot be written are logged, and the answer of the batch stands', async () => {
    const { consume, logged } = consumer({
      metrics: {
        count: () => undefined,
        flush: () => {
          throw new Error('no such unit');
        },
      },
    });
    expect(await consume(message(released()))).toEqual([]);
    expect(logged.at(-1)).toMatchObject({ message: 'Metrics could not be written' });
  });

  test('a publisher with too few outcomes has published nothing', async () => {
    const { consume } = consumer({ publish: async () => [] });
    const record = message(released());
    expect(await consume(record)).toEqual([record.messageId]);
  });

  test.each([
    ['an error', () => new Error('x'.repeat(100_000), { cause: new Error('y'.repeat(100_000)) })],
    [
      'an error with a large property',
      () => Object.assign(new Error('short'), { request: { body: 'z'.repeat(100_000) } }),
    ],
    ['no Error', () => 'z'.repeat(100_000)],
    ['a dead letter', () => new UnprocessableEventError('no', 'x'.repeat(100_000))],
    ['an early event', () => new TooEarlyError('x'.repeat(100_000))],
  ])('a log line is cut: %s', async (_, thrown) => {
    const lines: string[] = [];
    const { consume } = consumer({
      // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors
      handlers: { SeatReleased: () => Promise.reject(thrown()) },
      logger: printing((line) => void lines.push(line)),
    });
    await consume(message(released()));
    expect(lines.length).toBeGreaterThan(0);
    for (const line of lines) expect(line.length).toBeLessThan(8000);
  });
});

describe('a schedule from a producer whose clock is ahead', () => {
  const flight = JSON.parse(
    readFileSync(path.join(import.meta.dirname, '../../../events-schemas/examples/FlightScheduled.v1.json'), 'utf8'),
  ) as Pick<AirlineEvent<'FlightScheduled'>, 'metadata' | 'data'>;
  const handled: string[] = [];
  const schedule = (occurredAt: string) =>
    message({ type: 'FlightScheduled', ...flight, metadata: { ...flight.metadata, occurredAt } });
  const FlightScheduled = async ({ metadata }: AirlineEvent<'FlightScheduled'>) => {
    handled.push(metadata.occurredAt);
    return [];
  };

  test('counts as of now, is logged and counted', async () => {
    const { consume, logged, counted } = consumer({ handlers: { FlightScheduled }, now: () => new Date(at) });
    expect(await consume(schedule('2027-12-01T09:30:00Z'), schedule(at))).toEqual([]);
    expect(handled.map((time) => Date.parse(time))).toEqual([Date.parse(at), Date.parse(at)]);
    expect(counted.filter((name) => name === 'ClockAhead')).toHaveLength(1);
    expect(logged).toContainEqual(
      expect.objectContaining({ correlationId: flight.data.flightId, secondsAhead: 365 * 24 * 3600 }),
    );
  });
});

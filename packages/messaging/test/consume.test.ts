import { type AirlineEvent, newEvent, sourceOf } from '@airline/events-schemas/events';
import { describe, expect, test } from '@jest/globals';
import type { Context, SQSRecord } from 'aws-lambda';
import { randomUUID } from 'node:crypto';
import { createConsumer, type Handlers, UnprocessableEventError } from '../src/consume.ts';
import { PublishError, type PublishOutcome } from '../src/publish.ts';

const at = '2026-12-01T09:30:00Z';
const context = { getRemainingTimeInMillis: () => 10_000 } as Context;

function released(): AirlineEvent<'SeatReleased'> {
  return newEvent('SeatReleased', { bookingId: randomUUID(), flightId: 'KL1001-20261218', seats: ['12A'], reason: 'payment-failed' }, { occurredAt: at });
}

function receiptOf({ data }: AirlineEvent<'SeatReleased'>): AirlineEvent<'ReceiptIssued'> {
  return newEvent('ReceiptIssued', { bookingId: data.bookingId, receiptNumber: 'R-1', issuedAt: at }, { occurredAt: at });
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
}

function consumer({ handlers = { SeatReleased: async (event) => [receiptOf(event)] }, publish, deadLettersFail }: World = {}) {
  const published: (readonly AirlineEvent[])[] = [];
  const deadLetters: { body: string; reason: string; error: string }[] = [];
  const consume = createConsumer({
    handlers,
    publish: async (events) => {
      published.push(events);
      return publish ? publish(events) : events.map(() => undefined);
    },
    sendToDeadLetters: async ({ body }, reason, error) => {
      if (deadLettersFail) throw new Error('no dead letters today');
      deadLetters.push({ body, reason, error });
    },
    logger: { info: () => {}, warn: () => {}, error: () => {} },
  });
  return {
    published,
    deadLetters,
    /** @returns the messages that were not acknowledged */
    consume: async (...records: SQSRecord[]) => (await consume({ Records: records }, context)).batchItemFailures.map(({ itemIdentifier }) => itemIdentifier),
  };
}

describe('a batch', () => {
  test('is handled, says what its records say in one publish, and is acknowledged', async () => {
    const { consume, published } = consumer();
    const events = [released(), released(), released()];
    expect(await consume(...events.map(message))).toEqual([]);
    expect(published).toEqual([events.map(receiptOf)]);
  });

  test('runs side by side: one record waits for another without blocking it', async () => {
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

  test('reports a record whose handler failed, and that one alone', async () => {
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

  test('reports a record whose event did not get out, and that one alone', async () => {
    const { consume } = consumer({ publish: async (events) => events.map((_, index) => (index === 1 ? new PublishError('refused') : undefined)) });
    const records = [released(), released(), released()].map(message);
    expect(await consume(...records)).toEqual([records[1]!.messageId]);
  });

  test('reports every record when publishing breaks down', async () => {
    const { consume } = consumer({
      publish: async () => {
        throw new Error('a defect');
      },
    });
    const records = [released(), released()].map(message);
    expect(await consume(...records)).toEqual(records.map(({ messageId }) => messageId));
  });

  test('publishes nothing when nobody has anything to say', async () => {
    const { consume, published } = consumer({ handlers: { SeatReleased: async () => [] } });
    expect(await consume(message(released()))).toEqual([]);
    expect(published.flat()).toEqual([]);
  });
});

describe('a message that can never be handled', () => {
  const notHeard = newEvent('ReceiptIssued', { bookingId: randomUUID(), receiptNumber: 'R-1', issuedAt: at }, { occurredAt: at });
  test.each([
    ['not JSON', record('<xml/>'), 'not-json'],
    ['of a type that no event has', record(JSON.stringify({ 'detail-type': 'X', source: 's', time: at, detail: {} })), 'unknown-detail-type'],
    ['of a type that this service does not hear', message(notHeard), 'unknown-detail-type'],
    ['that breaks its schema', message({ ...released(), data: { bookingId: 'no' } } as unknown as AirlineEvent), 'schema-violation'],
  ])('%s: goes to the dead-letter queue with its reason and is acknowledged, the others unaffected', async (_, poison, reason) => {
    const { consume, deadLetters, published } = consumer();
    const event = released();
    expect(await consume(poison, message(event))).toEqual([]);
    expect(deadLetters).toMatchObject([{ body: poison.body, reason }]);
    expect(deadLetters[0]!.error.length).toBeGreaterThan(10);
    expect(published).toEqual([[receiptOf(event)]]);
  });

  test('as its handler finds: the reason is the handler’s', async () => {
    const { consume, deadLetters } = consumer({
      handlers: {
        SeatReleased: async () => {
          throw new UnprocessableEventError('conflicting-request', 'asked otherwise before');
        },
      },
    });
    expect(await consume(message(released()))).toEqual([]);
    expect(deadLetters).toMatchObject([{ reason: 'conflicting-request', error: 'asked otherwise before' }]);
  });

  test('is not acknowledged when the dead-letter queue does not take it', async () => {
    const { consume } = consumer({ deadLettersFail: true });
    const poison = record('<xml/>');
    expect(await consume(poison)).toEqual([poison.messageId]);
  });
});

import { stripVTControlCharacters } from 'node:util';
import { beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Fact, FactType } from '../../../../packages/status/src/domain.ts';
import type { LogLine } from '../../../airline/message-log.ts';
import type { Evidence } from '../../../explain/evidence.ts';
import { loadSubscriptions, type SubscriptionsOfServices } from '../../../protocol/subscriptions.ts';
import { otlpOf } from '../../../trace/otlp.ts';
import { foldColumns, timeScale } from '../../../trace/time-scale.ts';
import { type Trace, traceBooking } from '../../../trace/trace-booking.ts';
import { describeTrace } from '../../../trace/waterfall.ts';

const bookingId = 'c0ffee00-0000-4000-8000-000000000001';
const zero = Date.parse('2026-12-01T10:00:00.000Z');
const at = (milliseconds: number): string => new Date(zero + milliseconds).toISOString();
const idOf = (type: string): string => `${bookingId}.${type}`;

let subscriptions: SubscriptionsOfServices;
beforeAll(async () => {
  subscriptions = await loadSubscriptions();
});

function fact(type: FactType, service: string, milliseconds: number, cause?: FactType): Fact {
  const data = type === 'BookingRequested' ? { flightId: 'KL1001-20261218', seats: ['12A'] } : {};
  const causation = cause && { causationId: idOf(cause) };
  const times = { occurredAt: at(milliseconds), heardAt: at(milliseconds + 10) };
  return { type, eventId: idOf(type), service, ...times, ...causation, data } as unknown as Fact;
}

/** A line that was written at `end`, of a message that waited and was handled for so long. */
function line(service: string, detailType: string, end: number, more: Partial<LogLine> = {}): LogLine {
  return {
    ...{ service, detailType, kind: 'handled', at: at(end), messageId: `${service}.${detailType}`, receiveCount: 1 },
    ...{ queueWaitMs: 10, durationMs: 30, eventId: idOf(detailType), correlationId: bookingId, ...more },
  };
}

function traced(found: Partial<Evidence>, readAt = 60_000): Trace {
  const empty = { facts: [], letters: [], lost: [], lines: [], queues: {}, unread: [] };
  return traceBooking({ bookingId, readAt: at(readAt), ...empty, ...found }, 'airline', subscriptions)!;
}

/** Each try as `service event n outcome: wait + handling`. */
function triesOf({ events }: Trace): string[] {
  return events.flatMap(({ type, deliveries }) =>
    deliveries.flatMap(({ service, isDuplicate, tries }) =>
      tries.map(({ receiveCount, outcome, waitedSince, receivedAt, endedAt }) => {
        const ended = endedAt === undefined ? '…' : Date.parse(endedAt) - Date.parse(receivedAt);
        const wait = Date.parse(receivedAt) - Date.parse(waitedSince);
        return `${service} ${type} ${receiveCount} ${outcome}${isDuplicate ? ' again' : ''}: ${wait} + ${ended}`;
      }),
    ),
  );
}

const request = fact('BookingRequested', 'bookings', 0);
const booked = fact('SeatBooked', 'seats', 60, 'BookingRequested');

describe('the tries of a message', () => {
  const failed = { kind: 'failed', error: 'Error: down', nextTryAt: at(2000) } as const;
  test.each<[string, Partial<Evidence>, string[]]>([
    [
      'one',
      { facts: [request], lines: [line('seats', 'BookingRequested', 50)] },
      ['seats BookingRequested 1 handled: 10 + 30'],
    ],
    [
      'a failure, and only the new wait of the second',
      {
        facts: [request],
        lines: [
          line('seats', 'BookingRequested', 50, failed),
          line('seats', 'BookingRequested', 2100, { receiveCount: 2, queueWaitMs: 2060 }),
        ],
      },
      ['seats BookingRequested 1 failed: 10 + 30', 'seats BookingRequested 2 handled: 2020 + 30'],
    ],
    [
      'a duplicate is another message of the same event',
      {
        facts: [request],
        lines: [line('seats', 'BookingRequested', 50), line('seats', 'BookingRequested', 90, { messageId: 'other' })],
      },
      ['seats BookingRequested 1 handled: 10 + 30', 'seats BookingRequested 1 handled again: 10 + 30'],
    ],
    [
      'a postponed message comes again as another one, and is no duplicate',
      {
        facts: [request],
        lines: [
          line('seats', 'BookingRequested', 50, { kind: 'postponed', error: 'Error: later', nextTryAt: at(5000) }),
          line('seats', 'BookingRequested', 5050, { messageId: 'other' }),
        ],
      },
      ['seats BookingRequested 1 postponed: 10 + 30', 'seats BookingRequested 1 handled: 10 + 30'],
    ],
    [
      'a long run that has ended is one try',
      {
        facts: [request],
        lines: [
          line('seats', 'BookingRequested', 1020, { kind: 'handling', endsBy: at(9000) }),
          line('seats', 'BookingRequested', 3020, { durationMs: 3000 }),
        ],
      },
      ['seats BookingRequested 1 handled: 10 + 3000'],
    ],
    [
      'a run without an end is still going on, or its worker was killed',
      {
        facts: [request],
        lines: [
          line('seats', 'BookingRequested', 1020, { kind: 'handling', endsBy: at(90_000) }),
          line('payments', 'BookingRequested', 1020, { kind: 'handling', endsBy: at(9000) }),
        ],
      },
      ['seats BookingRequested 1 handling: 10 + …', 'payments BookingRequested 1 killed: 10 + …'],
    ],
    [
      'a timer is no duplicate, and a message that cannot be read is no event',
      {
        facts: [request],
        lines: [
          line('seats', 'HoldExpired', 600_000, { queueWaitMs: 600_000 }),
          line('seats', 'HoldExpired', 900_000, { queueWaitMs: 300_000, messageId: 'next' }),
          line('seats', 'Nonsense', 20, { kind: 'buried' }),
        ],
      },
      ['seats HoldExpired 1 handled: 600000 + 30', 'seats HoldExpired 1 handled: 300000 + 30'],
    ],
  ])('%s', (_, found, expected) => {
    expect(triesOf(traced(found))).toEqual(expected);
  });
});

test('an event knows its producer, its cause and when it was published, and what waits is said', () => {
  const { events } = traced({
    facts: [request, booked],
    queues: { status: { waiting: 1, inFlight: 0, maxReceiveCount: 5 } },
  });
  expect(events).toMatchObject([
    { type: 'BookingRequested', by: 'bookings', at: at(0), depth: 0, content: { seats: ['12A'] } },
    { type: 'SeatBooked', by: 'seats', at: at(60), depth: 1, causedBy: idOf('BookingRequested') },
  ]);
  expect(events[1]!.deliveries).toContainEqual({
    service: 'receipts',
    isDuplicate: false,
    tries: [],
    place: expect.objectContaining({ kind: expect.any(String) }),
  });
});

test('of a booking that nothing knows there is no trace', () => {
  expect(traced({})).toBeUndefined();
});

test('clocks that differ and causes in a circle make no negative time and no endless tree', () => {
  const found = {
    facts: [
      fact('BookingRequested', 'bookings', 5000, 'SeatBooked'),
      fact('SeatBooked', 'seats', 60, 'BookingRequested'),
    ],
    lines: [line('seats', 'BookingRequested', 50)],
  };
  const trace = traced(found);
  expect(trace.events.every(({ depth }) => depth <= 2)).toBe(true);
  for (const span of spansOf(trace)) expect(BigInt(span.endTimeUnixNano) >= BigInt(span.startTimeUnixNano)).toBe(true);
  expect(describeTrace(trace, 80)).toContain('seats');
});

function spansOf(trace: Trace) {
  return otlpOf(trace, 'airline').resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap(({ spans }) => spans));
}

const whole: Partial<Evidence> = {
  facts: [request, booked],
  lines: [
    line('seats', 'BookingRequested', 60, { said: ['SeatBooked'] }),
    line('payments', 'BookingRequested', 80, {
      kind: 'failed',
      error: 'UndecidedPaymentError: no answer',
      nextTryAt: at(600_000),
      calls: [
        { name: 'payment provider confirm', afterMs: 5, ms: 20, failed: true },
        { name: 'table save', afterMs: 26 },
      ],
    }),
    line('payments', 'BookingRequested', 600_100, { receiveCount: 2, queueWaitMs: 600_050 }),
    line('receipts', 'SeatBooked', 110),
  ],
};

describe('as OpenTelemetry', () => {
  test('every span has the form of the protocol, and a parent that is there', () => {
    const spans = spansOf(traced(whole));
    const ids = new Set(spans.map(({ spanId }) => spanId));
    expect(ids.size).toBe(spans.length);
    for (const span of spans) {
      expect(span.traceId).toBe(bookingId.replaceAll('-', ''));
      expect(span.spanId).toMatch(/^[0-9a-f]{16}$/);
      expect(span.startTimeUnixNano).toMatch(/^\d{19}$/);
      expect([1, 3, 4, 5]).toContain(span.kind);
      if (span.name !== 'send BookingRequested') expect(ids).toContain(span.parentSpanId);
      for (const { spanId } of span.links) expect(ids).toContain(spanId);
      for (const { key, value } of span.attributes)
        expect([key, Object.keys(value).length]).toEqual([expect.any(String), 1]);
    }
  });

  test('the parent of an event is the try that published it; a try links to its event; a failure is an error', () => {
    const spans = spansOf(traced(whole));
    const named = (name: string) => spans.filter((span) => span.name === name);
    const [sent] = named('send SeatBooked');
    const [seats] = named('process airline-seats');
    expect(sent!.parentSpanId).toBe(seats!.spanId);
    expect(named('process airline-receipts')[0]!.links).toEqual([
      { traceId: sent!.traceId, spanId: sent!.spanId, attributes: [] },
    ]);
    expect(named('process airline-payments').map(({ status }) => status)).toEqual([
      { code: 2, message: 'UndecidedPaymentError: no answer' },
      { code: 0 },
    ]);
    expect(named('payment provider confirm')).toMatchObject([{ kind: 3, status: { code: 2 } }]);
    const attributes = seats!.attributes.map(({ key }) => key);
    for (const key of [
      'messaging.system',
      'messaging.destination.name',
      'messaging.operation.type',
      'messaging.message.id',
    ])
      expect(attributes).toContain(key);
  });
});

describe('in the terminal', () => {
  test.each([40, 80, 140])('fits a window of %d columns, and shows the gap of ten minutes as a fold', (width) => {
    const lines = stripVTControlCharacters(describeTrace(traced(whole), width)).split('\n');
    expect(lines.filter((each) => each.length > Math.max(width, 66))).toEqual([]);
    const text = lines.join(' ').replaceAll(/\s+/g, ' ');
    expect(text).toContain('≈ left out: 10 min');
    expect(text).toContain('failed: UndecidedPaymentError: no answer; next try 10:10:00.000');
    expect(lines.find((each) => each.includes('payments (try 2)'))).toMatch(/≈+█/);
  });
});

describe('the time scale', () => {
  const times = fc.array(fc.integer({ min: 0, max: 10_000_000 }), { minLength: 1, maxLength: 30 });
  test('never goes back, and stays inside', () => {
    fc.assert(
      fc.property(times, fc.integer({ min: 16, max: 200 }), (instants, columns) => {
        const { columnOf, folds } = timeScale(instants, columns);
        const shown = instants.toSorted((a, b) => a - b).map(columnOf);
        expect(shown.every((column, index) => column >= (shown[index - 1] ?? 0) && column < columns)).toBe(true);
        expect(folds.every(({ column }) => column >= 0 && column + foldColumns <= columns)).toBe(true);
      }),
    );
  });

  test('without a long gap it is linear', () => {
    const { columnOf, folds } = timeScale([0, 250, 500, 750, 1000], 101);
    expect([0, 250, 500, 1000].map(columnOf)).toEqual([0, 25, 50, 100]);
    expect(folds).toEqual([]);
  });
});

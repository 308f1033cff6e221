/** Tests types: `pnpm typecheck` fails when a line after `@ts-expect-error` compiles. */
import { expect, test } from '@jest/globals';
import type { EventRead, HandlersOf, Reads } from '../src/reads.ts';
import { findDrift } from './support/recorded-reads.ts';
import { newEvent, type AirlineEvent } from '../src/events.ts';

const reads = {
  BookingRequested: ['data.bookingId', 'data.payment.amountMinor', 'data.expiresAt?'],
  FlightScheduled: ['data.cabins[].rows.first'],
} as const satisfies Reads;

test('a path must be one of the contract, with a question mark if and only if it may be absent', () => {
  // @ts-expect-error The contract has no such field.
  ({ BookingRequested: ['data.colour'] }) satisfies Reads;
  // @ts-expect-error It may be absent.
  ({ BookingRequested: ['data.expiresAt'] }) satisfies Reads;
  // @ts-expect-error It is always present.
  ({ BookingRequested: ['data.bookingId?'] }) satisfies Reads;
  // @ts-expect-error It has subfields, which are declared one by one.
  ({ BookingRequested: ['data.payment'] }) satisfies Reads;
  // @ts-expect-error There is no such event.
  ({ SeatPainted: [] }) satisfies Reads;
});

test('a handler sees the declared fields, and no others', () => {
  const see = ({ data }: EventRead<typeof reads, 'BookingRequested'>): unknown[] => [
    data.bookingId satisfies string,
    data.payment.amountMinor satisfies number,
    data.expiresAt satisfies string | undefined,
    // @ts-expect-error Not declared.
    data.flightId,
    // @ts-expect-error Not declared; its neighbour is.
    data.payment.currency,
  ];
  const seeInLists = ({ data }: EventRead<typeof reads, 'FlightScheduled'>): unknown[] =>
    data.cabins.map(({ rows }) => [
      rows.first satisfies number,
      // @ts-expect-error Not declared.
      rows.last as unknown,
    ]);
  const handlers = {
    BookingRequested: async (event) => (see(event), []),
    FlightScheduled: async (event) => (seeInLists(event), []),
  } satisfies HandlersOf<typeof reads>;
  expect(Object.keys(handlers)).toEqual(Object.keys(reads));

  // @ts-expect-error A declared event needs a handler.
  ({ BookingRequested: handlers.BookingRequested }) satisfies HandlersOf<typeof reads>;
  // @ts-expect-error A handler needs a declaration.
  ({ ...handlers, PaymentOk: async () => [] }) satisfies HandlersOf<typeof reads>;
});

const paid = newEvent(
  'PaymentOk',
  { bookingId: 'b', paymentId: 'p', amountMinor: 1, currency: 'EUR', paidAt: '2026-12-01T09:30:00Z' },
  { occurredAt: '2026-12-01T09:30:00Z' },
);

test('reads that the compiler cannot see are found too', async () => {
  const copying = async (events: readonly unknown[]): Promise<unknown> => structuredClone(events);
  expect(await findDrift({ PaymentOk: ['data.bookingId'] }, [[paid]], copying)).toEqual({
    undeclared: expect.arrayContaining(['PaymentOk data.paidAt', 'PaymentOk metadata.eventId']),
    unread: [],
    differing: [0],
  });
});

test('the JSON text of a whole event is no read, unless it ends in an effect', async () => {
  const reading = async ([event]: readonly AirlineEvent[]): Promise<unknown> => {
    const { bookingId } = event!.data as { bookingId: string };
    return [bookingId, JSON.stringify(event!.data).length > 0];
  };
  const keeping = async ([event]: readonly AirlineEvent[]): Promise<unknown> => {
    const { bookingId } = event!.data as { bookingId: string };
    return [bookingId, JSON.stringify(event!.data)];
  };
  const declared = { PaymentOk: ['data.bookingId'] } as const;
  const none = { undeclared: [], unread: [] };
  expect(await findDrift(declared, [[paid]], reading)).toEqual({ ...none, differing: [] });
  expect(await findDrift(declared, [[paid]], keeping)).toEqual({ ...none, differing: [0] });
});

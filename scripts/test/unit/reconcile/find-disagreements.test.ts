import type { Cause } from '@airline/events-schemas/events';
import { describe, expect, test } from '@jest/globals';
import type { SeatsRecord } from '../../../../packages/seats/src/domain.ts';
import type { Fact, FactType } from '../../../../packages/status/src/domain.ts';
import type { PaymentRecord } from '../../../../packages/payments/src/domain.ts';
import { findDisagreements, type Invariant } from '../../../reconcile/find-disagreements.ts';
import type { Charge, Snapshot } from '../../../reconcile/snapshot.ts';
import type { Flight } from '../../../airline/schedule.ts';

const now = '2026-12-01T12:00:00.000Z';
const long = '2026-12-01T09:00:00.000Z';
const lately = '2026-12-01T11:59:00.000Z';
const quarter = 15 * 60_000;
const id = 'c0ffee00-0000-4000-8000-000000000001';
const other = 'c0ffee00-0000-4000-8000-000000000002';
const flight: Flight = {
  flightId: 'KL1002-20261218',
  flightNumber: 'KL1002',
  carrier: 'KL',
  aircraft: 'Embraer 190',
  departureTime: '2026-12-18T08:00:00Z',
  durationMinutes: 80,
  origin: { iata: 'AMS', city: 'Amsterdam' },
  destination: { iata: 'LHR', city: 'London' },
  cabins: [
    {
      cabin: 'economy',
      rows: { first: 10, last: 20 },
      letters: ['A', 'B'],
      fare: { amountMinor: 8100, currency: 'EUR' },
    },
  ],
} as unknown as Flight;
const causedBy: Cause = { metadata: { eventId: `${id}.BookingRequested` } };
const fare = { amountMinor: 8100, currency: 'EUR' };
const sent = { issuedAt: long, messageId: 'm' };
const answer = { flightId: flight.flightId, seats: ['12A'], ...fare, at: long, causedBy };

/** The records of each party about one booking. A test plants its fault in them. */
interface Parties {
  facts: Fact[];
  seats: SeatsRecord | undefined;
  /** Seats whose own items have the booking's id. */
  taken: string[];
  payment: PaymentRecord | undefined;
  charges: Charge[];
  receipt: string | undefined;
  refundNotice?: boolean;
}

function fact<T extends FactType>(type: T, data: unknown = {}, heardAt = long): Fact {
  return { type, eventId: `${id}.${type}`, occurredAt: heardAt, heardAt, service: 'x', data } as unknown as Fact;
}
const requested = (heardAt = long): Fact =>
  fact('BookingRequested', { flightId: flight.flightId, seats: ['12A'], ...fare }, heardAt);
const charge: Charge = { paymentId: 'pi_1', captured: 8100, refunded: 0, currency: 'EUR', createdAt: long };
const held: SeatsRecord = { state: 'HELD', ...answer, holdExpiresAt: long };
const sold: SeatsRecord = { state: 'SOLD', ...answer };
const released: SeatsRecord = {
  state: 'RELEASED',
  ...answer,
  release: { reason: 'payment-failed', at: long, causedBy },
};
const refused: SeatsRecord = { state: 'REFUSED', ...answer, reason: 'taken', unavailableSeats: ['12A'] };
const asked = { payment: { method: 'pm_card_visa', ...fare }, causedBy };
const charged: PaymentRecord = { state: 'CHARGED', ...asked, paymentId: 'pi_1', paidAt: long, at: long };
const declined: PaymentRecord = { state: 'DECLINED', ...asked, reason: 'declined', at: long };
const refunded: PaymentRecord = {
  ...charged,
  state: 'REFUNDED',
  refund: { reason: 'seat-unavailable', causedBy, refundId: 're_1', at: long },
};

const confirmed: Parties = {
  facts: [
    requested(),
    fact('SeatBooked', answer),
    fact('PaymentOk', fare),
    fact('ReceiptIssued', { receiptNumber: 'R-1' }),
  ],
  seats: sold,
  taken: ['12A'],
  payment: charged,
  charges: [charge],
  receipt: 'R-1',
};
const cardDeclined: Parties = {
  facts: [
    requested(),
    fact('SeatBooked', answer),
    fact('PaymentFailed', { reason: 'declined' }),
    fact('SeatReleased', { ...answer, reason: 'payment-failed' }),
  ],
  seats: released,
  taken: [],
  payment: declined,
  charges: [],
  receipt: undefined,
};
const seatTaken: Parties = {
  facts: [
    requested(),
    fact('SeatUnavailable', { ...answer, reason: 'taken' }),
    fact('PaymentOk', fare),
    fact('PaymentRefunded', { reason: 'seat-unavailable' }),
  ],
  seats: refused,
  taken: [],
  payment: refunded,
  charges: [{ ...charge, refunded: 8100 }],
  receipt: undefined,
};
const cancelledLate: Parties = {
  ...confirmed,
  facts: [...confirmed.facts, fact('BookingCancelled'), fact('SeatReleased', answer), fact('PaymentRefunded', {})],
  seats: released,
  taken: [],
  payment: refunded,
  charges: [{ ...charge, refunded: 8100 }],
  refundNotice: true,
};
/** Paid, with its seat sold, but without its receipt. */
const paid: Parties = { ...confirmed, facts: confirmed.facts.slice(0, 3), receipt: undefined };
const nobody: Parties = { facts: [], seats: undefined, taken: [], payment: undefined, charges: [], receipt: undefined };

function snapshot(parties: Parties): Snapshot {
  const { facts, seats, taken, payment, charges, receipt, refundNotice } = parties;
  const one = <T>(value: T | undefined): Map<string, T> => new Map(value === undefined ? [] : [[id, value]]);
  return {
    takenAt: now,
    facts: one(facts.length > 0 ? facts : undefined),
    seats: one(seats),
    seatItems: taken.map((seat) => ({ flightId: flight.flightId, seat, bookingId: id })),
    flights: new Map([[flight.flightId, flight]]),
    payments: one(payment),
    receipts: one(
      receipt === undefined
        ? undefined
        : { receipt: { number: receipt, ...sent }, ...(refundNotice && { refundNotice: sent }) },
    ),
    charges: one(charges.length > 0 ? charges : undefined),
  };
}

const look = (parties: Parties) => findDisagreements(snapshot(parties), quarter);
const broken = (parties: Parties): [Invariant, string][] =>
  look(parties).findings.map(({ invariant, rule }) => [invariant, rule]);

describe('nothing is found in', () => {
  test.each<[string, Parties]>([
    ['a confirmed booking', confirmed],
    ['a booking whose card was declined', cardDeclined],
    ['a booking whose seat was taken and whose charge was refunded', seatTaken],
    ['a booking that was cancelled after its receipt', cancelledLate],
  ])('%s', (_, parties) => {
    expect(look(parties)).toEqual({ bookings: 1, inFlight: 0, findings: [] });
  });

  test('a receipt that was deleted 90 days after departure', () => {
    const later = { ...snapshot({ ...confirmed, receipt: undefined }), takenAt: '2027-04-01T12:00:00Z' };
    expect(findDisagreements(later, quarter).findings).toEqual([]);
  });

  test('a cancellation of a booking that was never requested: it does not count as a booking', () => {
    const tombstones: Parties = {
      ...nobody,
      facts: [fact('BookingCancelled')],
      seats: { state: 'TOMBSTONE', reason: 'cancelled' },
      payment: { state: 'VOID', reason: 'cancelled' },
    };
    expect(look(tombstones)).toEqual({ bookings: 0, inFlight: 0, findings: [] });
  });
});

describe('1: a seat has one holder', () => {
  test.each<[string, string, Parties]>([
    ['a sold seat that is free', 'record-without-seat', { ...confirmed, taken: [] }],
    ['a seat that the record does not list', 'stranded-seat', { ...confirmed, taken: ['12A', '12B'] }],
    ['a seat that is taken by an unknown booking', 'stranded-seat', { ...nobody, taken: ['12A'] }],
    ['a seat that the flight does not have', 'seat-outside-layout', { ...nobody, taken: ['99Z'] }],
  ])('finds %s', (_, rule, parties) => {
    expect(broken(parties)).toContainEqual(['one-holder', rule]);
  });

  test('finds two bookings with the same seat sold, and names the one that has the seat', () => {
    const agreed = snapshot(confirmed);
    const double: Snapshot = { ...agreed, seatItems: [{ flightId: flight.flightId, seat: '12A', bookingId: other }] };
    const findings = findDisagreements(double, quarter).findings.filter(({ bookingId }) => bookingId === id);
    expect(findings.map(({ rule, what }) => [rule, what])).toEqual([
      ['record-without-seat', expect.stringContaining(`taken by ${other}`)],
    ]);
  });
});

describe('2: confirmed means sold, captured and one receipt', () => {
  test.each<[string, string, Parties]>([
    ['a seat that is still held', 'not-sold', { ...confirmed, seats: held }],
    ['a seat that was released', 'not-sold', { ...confirmed, seats: released, taken: [] }],
    [
      'another seat than it requested',
      'other-seats',
      { ...confirmed, seats: { ...sold, seats: ['14A'] }, taken: ['14A'] },
    ],
    ['a charge that is missing', 'charge-missing', { ...confirmed, charges: [] }],
    [
      'a charge that was refunded by hand',
      'fare-not-captured',
      { ...confirmed, charges: [{ ...charge, refunded: 8100 }] },
    ],
    ['another amount', 'other-amount', { ...confirmed, charges: [{ ...charge, captured: 9000 }] }],
    ['two charges', 'charged-twice', { ...confirmed, charges: [charge, { ...charge, paymentId: 'pi_2' }] }],
    ['a receipt that was never sent', 'receipt-missing', { ...confirmed, receipt: undefined }],
    ['another receipt than the one published', 'two-receipts', { ...confirmed, receipt: 'R-2' }],
  ])('finds %s', (_, rule, parties) => {
    expect(broken(parties)).toContainEqual(['confirmed', rule]);
  });

  test('finds nothing in a held seat while PaymentOk may still be on its way to seats', () => {
    const recent = confirmed.facts.map(({ type, data }) => fact(type, data, lately));
    expect(broken({ ...confirmed, facts: recent, seats: held })).toEqual([]);
  });
});

describe('3: not confirmed means no seat and no money', () => {
  test.each<[string, string, Parties]>([
    ['a seat that was not freed', 'failed-with-seat', { ...cardDeclined, taken: ['12A'] }],
    ['a record that still holds the seat', 'failed-but-kept', { ...cardDeclined, seats: sold, taken: ['12A'] }],
    ['a charge that was not refunded', 'failed-but-charged', { ...seatTaken, payment: charged, charges: [charge] }],
    ['a refund that the provider does not know', 'refund-missing', { ...seatTaken, charges: [charge] }],
    ['a charge that payments calls declined', 'charge-unknown', { ...cardDeclined, charges: [charge] }],
    ['a charge without any record', 'charge-unknown', { ...nobody, charges: [charge] }],
  ])('finds %s', (_, rule, parties) => {
    expect(broken(parties)).toContainEqual(['failed', rule]);
  });
});

describe('4: every booking settles', () => {
  test.each<[string, Parties, string[]]>([
    ['for its receipt', paid, ['receipts']],
    ['for seats and payments', { ...nobody, facts: [requested()] }, ['seats', 'payments']],
    [
      'for payments',
      {
        ...confirmed,
        facts: confirmed.facts.slice(0, 2),
        seats: held,
        payment: undefined,
        charges: [],
        receipt: undefined,
      },
      ['payments'],
    ],
    [
      'for its seat to be released',
      { ...cardDeclined, facts: cardDeclined.facts.slice(0, 3), seats: held, taken: ['12A'] },
      ['seats'],
    ],
    [
      'for its refund',
      { ...seatTaken, facts: seatTaken.facts.slice(0, 3), payment: charged, charges: [charge] },
      ['payments'],
    ],
    [
      'for its SeatReleased, which seats recorded and status did not receive',
      { ...cardDeclined, facts: cardDeclined.facts.slice(0, 3) },
      ['seats', 'status'],
    ],
    [
      'for its ReceiptIssued, which receipts recorded and status did not receive',
      { ...paid, receipt: 'R-1' },
      ['receipts', 'status'],
    ],
    ['for status, which received nothing', { ...paid, facts: [] }, ['status']],
  ])('finds a stuck booking that waits %s', (_, parties, waitsFor) => {
    const { findings, inFlight } = look(parties);
    expect([findings.map(({ rule, waitsFor }) => ({ rule, waitsFor })), inFlight]).toEqual([
      [{ rule: 'stuck', waitsFor }],
      0,
    ]);
  });

  test('finds a booking whose passenger got no refund notice', () => {
    expect(broken({ ...cancelledLate, refundNotice: false })).toEqual([['settles', 'refund-notice-missing']]);
    const recent = cancelledLate.facts.map(({ type, data }) => fact(type, data, lately));
    expect(broken({ ...cancelledLate, facts: recent, refundNotice: false })).toEqual([]);
  });

  test('counts a booking with a recent event as in flight', () => {
    expect(look({ ...paid, facts: [...paid.facts.slice(0, 2), fact('PaymentOk', fare, lately)] })).toEqual({
      bookings: 1,
      inFlight: 1,
      findings: [],
    });
    expect(look({ ...confirmed, facts: [...confirmed.facts, fact('BookingCancelled', {}, lately)] })).toMatchObject({
      inFlight: 1,
      findings: [],
    });
  });
});

describe('6: the facts of status match the records of their producers', () => {
  test.each<[string, string, Parties]>([
    ['a seat that seats refused', 'SeatBooked-not-remembered', { ...paid, seats: refused, taken: [] }],
    ['a refusal that seats did not record', 'SeatUnavailable-not-remembered', { ...seatTaken, seats: undefined }],
    [
      'a release that seats did not record',
      'SeatReleased-not-remembered',
      { ...cardDeclined, seats: held, taken: ['12A'] },
    ],
    ['a payment that payments declined', 'PaymentOk-not-remembered', { ...paid, payment: declined, charges: [] }],
    [
      'a failed payment that payments charged',
      'PaymentFailed-not-remembered',
      { ...cardDeclined, payment: charged, charges: [charge] },
    ],
    ['a refund that payments did not record', 'PaymentRefunded-not-remembered', { ...seatTaken, payment: charged }],
    [
      'facts of a booking that was never requested',
      'never-requested',
      { ...confirmed, facts: confirmed.facts.slice(1) },
    ],
  ])('finds %s', (_, rule, parties) => {
    expect(broken(parties)).toContainEqual(['facts', rule]);
  });

  const elsewhere = { flightId: 'KL1003-20261218' };
  test.each<[string, string, Parties, FactType, object]>([
    ['SeatBooked of another flight', 'SeatBooked-differs', paid, 'SeatBooked', elsewhere],
    ['SeatBooked of other seats', 'SeatBooked-differs', paid, 'SeatBooked', { seats: ['12A', '12B'] }],
    ['SeatBooked of another amount', 'SeatBooked-differs', paid, 'SeatBooked', { amountMinor: 1 }],
    ['SeatReleased of other seats', 'SeatReleased-differs', cardDeclined, 'SeatReleased', { seats: ['12B'] }],
    ['SeatUnavailable of another flight', 'SeatUnavailable-differs', seatTaken, 'SeatUnavailable', elsewhere],
    ['PaymentOk in another currency', 'PaymentOk-differs', paid, 'PaymentOk', { currency: 'USD' }],
  ])('finds %s, also while the booking is in flight', (_, rule, parties, type, change) => {
    for (const heardAt of [long, lately]) {
      const facts = parties.facts.map((one) =>
        fact(one.type, one.type === type ? { ...one.data, ...change } : one.data, heardAt),
      );
      expect(broken({ ...parties, facts })).toContainEqual(['facts', rule]);
    }
  });
});

test('a finding has the records of all parties in words', () => {
  const [finding] = look({ ...confirmed, seats: held }).findings;
  expect(finding!.says).toEqual({
    status: 'confirmed: BookingRequested, SeatBooked, PaymentOk, ReceiptIssued',
    seats: 'HELD KL1002-20261218 12A; seats taken by it: KL1002-20261218 12A',
    payments: 'CHARGED EUR 81.00',
    provider: 'captured EUR 81.00',
    receipts: 'sent R-1',
  });
});

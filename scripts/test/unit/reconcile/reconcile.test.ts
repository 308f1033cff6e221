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

/** What each party holds about one booking, with everything that can be planted in it. */
interface Parties {
  facts: Fact[];
  seats: SeatsRecord | undefined;
  bears: string[];
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
  bears: ['12A'],
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
  bears: [],
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
  bears: [],
  payment: refunded,
  charges: [{ ...charge, refunded: 8100 }],
  receipt: undefined,
};
const cancelledLate: Parties = {
  ...confirmed,
  facts: [...confirmed.facts, fact('BookingCancelled'), fact('SeatReleased', answer), fact('PaymentRefunded', {})],
  seats: released,
  bears: [],
  payment: refunded,
  charges: [{ ...charge, refunded: 8100 }],
  refundNotice: true,
};
/** Paid and its seat held; the receipt is still to come. */
const paid: Parties = { ...confirmed, facts: confirmed.facts.slice(0, 3), receipt: undefined };
const nobody: Parties = { facts: [], seats: undefined, bears: [], payment: undefined, charges: [], receipt: undefined };

function snapshot(parties: Parties): Snapshot {
  const { facts, seats, bears, payment, charges, receipt, refundNotice } = parties;
  const one = <T>(value: T | undefined): Map<string, T> => new Map(value === undefined ? [] : [[id, value]]);
  return {
    takenAt: now,
    facts: one(facts.length > 0 ? facts : undefined),
    seats: one(seats),
    seatItems: bears.map((seat) => ({ flightId: flight.flightId, seat, bookingId: id })),
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

describe('parties that agree are silent about', () => {
  test.each<[string, Parties]>([
    ['a confirmed booking', confirmed],
    ['one whose card was declined', cardDeclined],
    ['one whose seat was taken, and its charge given back', seatTaken],
    ['one that was cancelled after its receipt', cancelledLate],
  ])('%s', (_, parties) => {
    expect(look(parties)).toEqual({ bookings: 1, inFlight: 0, findings: [] });
  });

  test('a receipt that was forgotten 90 days after departure', () => {
    const later = { ...snapshot({ ...confirmed, receipt: undefined }), takenAt: '2027-04-01T12:00:00Z' };
    expect(findDisagreements(later, quarter).findings).toEqual([]);
  });

  test('a cancellation of a booking that nobody asked for: it is no booking', () => {
    const marks: Parties = {
      ...nobody,
      facts: [fact('BookingCancelled')],
      seats: { state: 'TOMBSTONE', reason: 'cancelled' },
      payment: { state: 'VOID', reason: 'cancelled' },
    };
    expect(look(marks)).toEqual({ bookings: 0, inFlight: 0, findings: [] });
  });
});

describe('1: a seat has one holder', () => {
  test.each<[string, string, Parties]>([
    ['a sold seat that is free', 'record-without-seat', { ...confirmed, bears: [] }],
    ['a seat beside those of the record', 'stranded-seat', { ...confirmed, bears: ['12A', '12B'] }],
    ['a seat that bears a booking nobody knows', 'stranded-seat', { ...nobody, bears: ['12A'] }],
    ['a seat that the flight does not have', 'seat-outside-layout', { ...nobody, bears: ['99Z'] }],
  ])('finds %s', (_, rule, parties) => {
    expect(broken(parties)).toContainEqual(['one-holder', rule]);
  });

  test('finds two bookings that are both sold one seat, and names the one that has it', () => {
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
    ['a seat that was released', 'not-sold', { ...confirmed, seats: released, bears: [] }],
    [
      'another seat than it asked for',
      'other-seats',
      { ...confirmed, seats: { ...sold, seats: ['14A'] }, bears: ['14A'] },
    ],
    ['a charge that is missing', 'charge-missing', { ...confirmed, charges: [] }],
    [
      'a charge that was given back by hand',
      'fare-not-captured',
      { ...confirmed, charges: [{ ...charge, refunded: 8100 }] },
    ],
    ['another amount', 'other-amount', { ...confirmed, charges: [{ ...charge, captured: 9000 }] }],
    ['two charges', 'charged-twice', { ...confirmed, charges: [charge, { ...charge, paymentId: 'pi_2' }] }],
    ['a receipt that was never sent', 'receipt-missing', { ...confirmed, receipt: undefined }],
    ['another receipt than the one told', 'two-receipts', { ...confirmed, receipt: 'R-2' }],
  ])('finds %s', (_, rule, parties) => {
    expect(broken(parties)).toContainEqual(['confirmed', rule]);
  });

  test('does not blame seats for a payment that it may be about to hear of', () => {
    const recent = confirmed.facts.map(({ type, data }) => fact(type, data, lately));
    expect(broken({ ...confirmed, facts: recent, seats: held })).toEqual([]);
  });
});

describe('3: not confirmed means no seat and no money', () => {
  test.each<[string, string, Parties]>([
    ['a seat that was not freed', 'failed-with-seat', { ...cardDeclined, bears: ['12A'] }],
    ['a record that still holds', 'failed-but-kept', { ...cardDeclined, seats: sold, bears: ['12A'] }],
    ['a charge that was not given back', 'failed-but-charged', { ...seatTaken, payment: charged, charges: [charge] }],
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
      'for the seat to be given back',
      { ...cardDeclined, facts: cardDeclined.facts.slice(0, 3), seats: held, bears: ['12A'] },
      ['seats'],
    ],
    [
      'for its refund',
      { ...seatTaken, facts: seatTaken.facts.slice(0, 3), payment: charged, charges: [charge] },
      ['payments'],
    ],
    [
      'for its release, that seats has and status did not hear',
      { ...cardDeclined, facts: cardDeclined.facts.slice(0, 3) },
      ['seats', 'status'],
    ],
    ['for its receipt, that is sent and status did not hear of', { ...paid, receipt: 'R-1' }, ['receipts', 'status']],
    ['for status, that never heard of it', { ...paid, facts: [] }, ['status']],
  ])('finds one that waits %s', (_, parties, waitsFor) => {
    const { findings, inFlight } = look(parties);
    expect([findings.map(({ rule, waitsFor }) => ({ rule, waitsFor })), inFlight]).toEqual([
      [{ rule: 'stuck', waitsFor }],
      0,
    ]);
  });

  test('finds one whose passenger was not told of the refund', () => {
    expect(broken({ ...cancelledLate, refundNotice: false })).toEqual([['settles', 'refund-notice-missing']]);
    const recent = cancelledLate.facts.map(({ type, data }) => fact(type, data, lately));
    expect(broken({ ...cancelledLate, facts: recent, refundNotice: false })).toEqual([]);
  });

  test('but one that something happened to lately is in flight', () => {
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

describe('6: status heard what its owners remember', () => {
  test.each<[string, string, Parties]>([
    ['a seat that seats refused', 'SeatBooked-not-remembered', { ...paid, seats: refused, bears: [] }],
    ['a refusal that seats forgot', 'SeatUnavailable-not-remembered', { ...seatTaken, seats: undefined }],
    ['a release that seats forgot', 'SeatReleased-not-remembered', { ...cardDeclined, seats: held, bears: ['12A'] }],
    ['a payment that payments declined', 'PaymentOk-not-remembered', { ...paid, payment: declined, charges: [] }],
    [
      'a failure that payments charged',
      'PaymentFailed-not-remembered',
      { ...cardDeclined, payment: charged, charges: [charge] },
    ],
    ['a refund that payments forgot', 'PaymentRefunded-not-remembered', { ...seatTaken, payment: charged }],
    ['facts of a booking that nobody asked for', 'never-requested', { ...confirmed, facts: confirmed.facts.slice(1) }],
  ])('finds %s', (_, rule, parties) => {
    expect(broken(parties)).toContainEqual(['facts', rule]);
  });
});

test('a finding tells what each party says, in words', () => {
  const [finding] = look({ ...confirmed, seats: held }).findings;
  expect(finding!.says).toEqual({
    status: 'confirmed: BookingRequested, SeatBooked, PaymentOk, ReceiptIssued',
    seats: 'HELD KL1002-20261218 12A; KL1002-20261218 12A bears it',
    payments: 'CHARGED €81.00',
    provider: 'captured €81.00',
    receipts: 'sent R-1',
  });
});

import { describe, expect, test } from '@jest/globals';
import type { Cell, ChaosReport } from '@airline/local-cloud/chaos/chaos';
import { findEventMistakes } from '@airline/events-schemas/parse-event';
import { eventOf, type FreeSeat, planBookings } from '../../../chaos/chaos-bookings.ts';
import { coverageTable, judge, type Outcome } from '../../../chaos/chaos-verdict.ts';
import type { BookingStatus } from '../../../airline/follow-booking.ts';

const report = (cells: Cell[]): ChaosReport => ({
  seed: 1,
  profile: 'default',
  enabled: false,
  outageSecondsLeft: 0,
  faults: cells.length,
  cells,
});

const seats: FreeSeat[] = Array.from({ length: 3000 }, (_, index) => ({
  flightId: `KL${1001 + Math.floor(index / 100)}-20270131`,
  seat: `${1 + (index % 25)}${'ABCD'[Math.floor((index % 100) / 25)]}`,
  fare: { amountMinor: 8100, currency: 'EUR' },
}));

describe('the plan', () => {
  const plan = planBookings(seats, 1000, 7);

  test('is the same for the same seed, but for the ids', () => {
    const withoutIds = (bookings: typeof plan) =>
      bookings.map(({ request: { bookingId: _, passenger: __, ...request }, ...booking }) => ({ ...booking, request }));
    expect(withoutIds(planBookings(seats, 1000, 7))).toEqual(withoutIds(plan));
    expect(withoutIds(planBookings(seats, 1000, 8))).not.toEqual(withoutIds(plan));
  });

  test('asks for nothing that the contract refuses', () => {
    for (const booking of plan.slice(0, 50)) {
      for (const { type } of booking.publications)
        expect(findEventMistakes(type, eventOf(type, booking, 0))).toEqual([]);
    }
  });

  test('has rivals for seats, declined cards, repetitions and cancellations', () => {
    const share = (matches: (booking: (typeof plan)[number]) => boolean) => plan.filter(matches).length / plan.length;
    expect(share(({ ends }) => ends === 'either')).toBeGreaterThan(0.1);
    expect(share(({ request }) => request.payment.method !== 'pm_card_visa')).toBeGreaterThan(0.05);
    expect(
      share(({ publications }) => publications.filter(({ type }) => type === 'BookingRequested').length > 1),
    ).toBeGreaterThan(0.05);
    expect(share(({ publications }) => publications.some(({ type }) => type === 'BookingCancelled'))).toBeGreaterThan(
      0.05,
    );
    expect(
      plan.some(({ publications: [requested, ...others] }) =>
        others.some(({ type, turn }) => type === 'BookingCancelled' && turn < requested!.turn),
      ),
    ).toBe(true);
  });

  test('knows that two who want one seat cannot both be sure of it', () => {
    const wishes = new Map<string, string[]>();
    for (const { request, ends } of plan) {
      for (const seat of request.seats)
        wishes.set(`${request.flightId} ${seat}`, [...(wishes.get(`${request.flightId} ${seat}`) ?? []), ends]);
    }
    for (const ends of wishes.values()) if (ends.length > 1) expect(ends).not.toContain('confirmed');
  });

  test('says when there are too few seats', () => {
    expect(() => planBookings(seats.slice(0, 5), 100, 1)).toThrow('The free seats are enough for');
  });
});

describe('the verdict', () => {
  const [booking] = planBookings(seats, 1, 1).map((each) => ({ ...each, ends: 'confirmed' as const }));
  const { bookingId, passenger } = booking!.request;
  const confirmed: BookingStatus = { bookingId, status: 'CONFIRMED', settled: true, timeline: [] };

  const of = (outcome: Partial<Outcome>) =>
    judge({
      plan: [booking!],
      statuses: new Map([[bookingId, confirmed]]),
      mails: new Map([[passenger.email, ['Your receipt']]]),
      report: report([]),
      redriven: 0,
      deadLetters: new Map(),
      reconciled: { code: 0, stdout: '{"findings":[],"bookings":2}', stderr: '' },
      seconds: 1,
      ...outcome,
    });

  test('finds nothing where all is well', () => {
    expect(of({})).toMatchObject({
      bookings: 1,
      confirmed: 1,
      settled: 1,
      mails: { receipts: 1, repeats: 0 },
      violations: [],
    });
  });

  test.each<[string, Partial<Outcome>, string]>([
    [
      'a booking that is not settled',
      { statuses: new Map([[bookingId, { ...confirmed, settled: false }]]) },
      'is not settled',
    ],
    ['a booking that nobody knows', { statuses: new Map() }, 'is not settled (unknown)'],
    [
      'a booking that failed for nothing',
      { statuses: new Map([[bookingId, { ...confirmed, status: 'EXPIRED' }]]) },
      'nothing spoke against it',
    ],
    ['a declined one that is confirmed', { plan: [{ ...booking!, ends: 'failed' }] }, 'its card declined'],
    [
      'a seat that two have',
      { plan: [booking!, { ...booking!, request: { ...booking!.request } }] },
      'is confirmed for',
    ],
    ['no receipt', { mails: new Map() }, 'got no receipt'],
    [
      'a receipt twice',
      { mails: new Map([[passenger.email, ['Your receipt', 'Your receipt']]]) },
      '1 mails were sent again',
    ],
    ['dead letters that stay', { deadLetters: new Map([['seats', 2]]) }, '2 dead letters of seats'],
    [
      'what reconcile finds',
      { reconciled: { code: 1, stdout: '{"findings":[{}],"bookings":2}', stderr: '' } },
      'reconcile: ',
    ],
    [
      'that reconcile did not look',
      { reconciled: { code: 0, stdout: '{"findings":[],"bookings":0}', stderr: '' } },
      'reconcile saw 0 of 1',
    ],
    [
      'that reconcile failed',
      { reconciled: { code: 1, stdout: '', stderr: 'no table' } },
      'reconcile failed: no table',
    ],
  ])('finds %s', (_, outcome, violation) => {
    expect(of(outcome).violations.join('\n')).toContain(violation);
  });

  test('excuses a second mail whose sender did not learn of the first', () => {
    const cells: Cell[] = [
      { party: 'airline-receipts-ConsumerFunction', operation: 'SES SendEmail', kind: 'reply-lost', count: 1 },
    ];
    const mails = new Map([[passenger.email, ['Your receipt', 'Your receipt']]]);
    expect(of({ mails, report: report(cells) })).toMatchObject({ violations: [], mails: { repeats: 1, excuses: 1 } });
  });
});

test('the coverage table adds up whom a kind of fault met', () => {
  const cell = { operation: 'DynamoDB PutItem', kind: 'throttled' as const };
  const text = coverageTable([
    { ...cell, party: 'airline-seats-ConsumerFunctionA1', count: 2 },
    { ...cell, party: 'airline-payments-ConsumerFunctionB2', count: 3 },
  ]);
  expect(text).toMatch(/DynamoDB PutItem +throttled +5 +seats 2, payments 3/);
  expect(text).toMatch(/throttled +a request and the next ones are throttled/);
});

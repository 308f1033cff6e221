import type { Cell, ChaosReport } from '@airline/local-cloud/chaos/chaos';
import { describe, expect, test } from '@jest/globals';
import type { BookingStatus } from '../../../airline/follow-booking.ts';
import type { PlannedBooking } from '../../../chaos/chaos-bookings.ts';
import { coverageTable, judge, type Outcome } from '../../../chaos/chaos-verdict.ts';

const report = (cells: Cell[]): ChaosReport => ({
  seed: 1,
  profile: 'default',
  enabled: false,
  outageSecondsLeft: 0,
  standing: [],
  faults: cells.length,
  cells,
});

describe('the verdict', () => {
  const booking: PlannedBooking = {
    request: {
      bookingId: 'c0ffee00-0000-4000-8000-000000000001',
      flightId: 'KL1001-20270131',
      seats: ['12A'],
      passenger: { name: 'Ada', email: 'ada@example.com' },
      payment: { method: 'pm_card_visa', amountMinor: 8100, currency: 'EUR' },
    },
    ends: 'confirmed',
    publications: [{ turn: 0, type: 'BookingRequested' }],
  };
  const { bookingId, passenger } = booking.request;
  const confirmed: BookingStatus = { bookingId, status: 'CONFIRMED', settled: true, timeline: [] };

  const of = (outcome: Partial<Outcome>) =>
    judge({
      plan: [booking],
      statuses: new Map([[bookingId, confirmed]]),
      mails: new Map([[passenger.email, ['Your receipt']]]),
      report: report([]),
      redriven: 0,
      looks: { compared: 1, explained: 0, violations: [] },
      deadLetters: new Map(),
      reconciled: { code: 0, stdout: '{"findings":[],"bookings":2}', stderr: '' },
      seconds: 1,
      ...outcome,
    });

  test('has no violations when everything is right', () => {
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
    [
      'a booking of which waiting is wrong',
      { looks: { compared: 1, explained: 0, violations: ['b is settled, and waiting lists it'] } },
      'b is settled, and waiting lists it',
    ],
    ['a booking that status does not know', { statuses: new Map() }, 'is not settled (unknown)'],
    [
      'a booking that failed without a reason',
      { statuses: new Map([[bookingId, { ...confirmed, status: 'EXPIRED' }]]) },
      'it should be confirmed',
    ],
    ['a declined one that is confirmed', { plan: [{ ...booking, ends: 'failed' }] }, 'its card was declined'],
    [
      'a seat with two holders',
      { plan: [booking, { ...booking, request: { ...booking.request } }] },
      'is confirmed for',
    ],
    ['no receipt', { mails: new Map() }, 'got no receipt'],
    [
      'a receipt twice',
      { mails: new Map([[passenger.email, ['Your receipt', 'Your receipt']]]) },
      '1 mails were sent again',
    ],
    ['dead letters that are left', { deadLetters: new Map([['seats', 2]]) }, '2 dead letters of seats'],
    [
      'a finding of reconcile',
      { reconciled: { code: 1, stdout: '{"findings":[{}],"bookings":2}', stderr: '' } },
      'reconcile: ',
    ],
    [
      'that reconcile did not see the bookings',
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

  test('excuses a second mail if the answer to the first was lost', () => {
    const cells: Cell[] = [
      { party: 'airline-receipts-ConsumerFunction', operation: 'SES SendEmail', kind: 'reply-lost', count: 1 },
    ];
    const mails = new Map([[passenger.email, ['Your receipt', 'Your receipt']]]);
    expect(of({ mails, report: report(cells) })).toMatchObject({ violations: [], mails: { repeats: 1, excuses: 1 } });
  });
});

test('the coverage table adds up the services that a kind of fault hit', () => {
  const cell = { operation: 'DynamoDB PutItem', kind: 'throttled' as const };
  const text = coverageTable([
    { ...cell, party: 'airline-seats-ConsumerFunctionA1', count: 2 },
    { ...cell, party: 'airline-payments-ConsumerFunctionB2', count: 3 },
  ]);
  expect(text).toMatch(/DynamoDB PutItem +throttled +5 +seats 2, payments 3/);
  expect(text).toMatch(/throttled +a request and the next ones are throttled/);
});

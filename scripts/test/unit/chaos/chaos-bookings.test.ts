import { findFirstMistake } from '@airline/events-schemas/find-first-mistake';
import { findDataMistakes } from '@airline/events-schemas/find-mistakes';
import { describe, expect, test } from '@jest/globals';
import { seatCount } from '../../../../packages/seats/src/domain.ts';
import { eventOf, type FreeSeat, planBookings } from '../../../chaos/chaos-bookings.ts';
import { chaosFlights } from '../../../chaos/chaos-flights.ts';

const seats: FreeSeat[] = Array.from({ length: 3000 }, (_, index) => ({
  flightId: `KL${1001 + Math.floor(index / 100)}-20270131`,
  seat: `${1 + (index % 25)}${'ABCD'[Math.floor((index % 100) / 25)]}`,
  fare: { amountMinor: 8100, currency: 'EUR' },
}));

test('flights are valid, have enough seats, and are in three currencies also for a short run', () => {
  const flights = chaosFlights(48);
  expect(flights.flatMap((flight) => findDataMistakes('FlightScheduled', flight))).toEqual([]);
  expect(flights.reduce((sum, flight) => sum + seatCount(flight), 0)).toBeGreaterThanOrEqual(48);
  expect(new Set(flights.flatMap(({ cabins }) => cabins.map(({ fare }) => fare.currency))).size).toBe(3);
  expect(new Set(chaosFlights(30_000).map(({ flightId }) => flightId)).size).toBe(1875);
});

describe('the plan', () => {
  const plan = planBookings(seats, 1000, 7);

  test('is the same for the same seed, except for the ids', () => {
    const withoutIds = (bookings: typeof plan) =>
      bookings.map(({ request: { bookingId: _, passenger, ...request }, ...booking }) => ({
        ...booking,
        request,
        name: passenger.name,
      }));
    expect(withoutIds(planBookings(seats, 1000, 7))).toEqual(withoutIds(plan));
    expect(withoutIds(planBookings(seats, 1000, 8))).not.toEqual(withoutIds(plan));
  });

  test('has only events that are valid against their schemas', () => {
    const events = plan.flatMap((booking) => booking.publications.map(({ type }) => eventOf(type, booking, 0)));
    expect(events.length).toBeGreaterThanOrEqual(1000);
    expect(events.map((event) => findFirstMistake(event.type, event)).filter(Boolean)).toEqual([]);
  });

  test.each([
    ['beyond the Basic Multilingual Plane', /[\u{10000}-\u{10ffff}]/u],
    ['from right to left', /\p{Script=Hebrew}|\p{Script=Arabic}/u],
    ['with combining marks', /\p{M}/u],
    ['with emoji and joiners', /\p{Emoji_Presentation}.*\u200d/u],
    ['with controls of direction', /\p{Bidi_Control}/u],
    ['on several lines', /\n/],
    ['of 200 characters', /^[^]{200}$/u],
    ['of private and unassigned characters', /\p{Co}|\p{Cn}/u],
  ])('has names %s', (_, pattern) => {
    expect(plan.filter(({ request }) => pattern.test(request.passenger.name)).length).toBeGreaterThan(0);
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

  test('expects no certain end of two bookings that request the same seat', () => {
    const endsOf = new Map<string, string[]>();
    for (const { request, ends } of plan) {
      for (const seat of request.seats)
        endsOf.set(`${request.flightId} ${seat}`, [...(endsOf.get(`${request.flightId} ${seat}`) ?? []), ends]);
    }
    const contested = [...endsOf.values()].filter((ends) => ends.length > 1);
    expect(contested.length).toBeGreaterThan(0);
    for (const ends of contested) expect(ends).not.toContain('confirmed');
  });

  test('is refused when there are too few seats', () => {
    expect(() => planBookings(seats.slice(0, 5), 100, 1)).toThrow('The free seats are enough for');
  });
});

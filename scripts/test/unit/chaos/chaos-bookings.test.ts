import { findFirstMistake } from '@airline/events-schemas/find-first-mistake';
import { describe, expect, test } from '@jest/globals';
import { eventOf, type FreeSeat, planBookings } from '../../../chaos/chaos-bookings.ts';

const seats: FreeSeat[] = Array.from({ length: 3000 }, (_, index) => ({
  flightId: `KL${1001 + Math.floor(index / 100)}-20270131`,
  seat: `${1 + (index % 25)}${'ABCD'[Math.floor((index % 100) / 25)]}`,
  fare: { amountMinor: 8100, currency: 'EUR' },
}));

describe('the plan', () => {
  const plan = planBookings(seats, 1000, 7);

  test('is the same for the same seed, except for the ids', () => {
    const withoutIds = (bookings: typeof plan) =>
      bookings.map(({ request: { bookingId: _, passenger: __, ...request }, ...booking }) => ({ ...booking, request }));
    expect(withoutIds(planBookings(seats, 1000, 7))).toEqual(withoutIds(plan));
    expect(withoutIds(planBookings(seats, 1000, 8))).not.toEqual(withoutIds(plan));
  });

  test('has only events that are valid against their schemas', () => {
    const events = plan
      .slice(0, 50)
      .flatMap((booking) => booking.publications.map(({ type }) => eventOf(type, booking, 0)));
    expect(events.length).toBeGreaterThanOrEqual(50);
    expect(events.map((event) => findFirstMistake(event.type, event)).filter(Boolean)).toEqual([]);
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

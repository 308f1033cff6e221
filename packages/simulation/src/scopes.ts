import { newEvent, type AirlineEvent } from '@airline/events-schemas/events';
import { allSeats, type Booking, type BookingOptions, createBooking, epoch, flightScheduled } from './bookings.ts';
import type { Service } from './bus.ts';
import type { Scope } from './scope.ts';
import type { FaultKind } from './faults.ts';
import { checkMails, checkSold } from './final-state.ts';
import { Violation } from './oracle.ts';
import type { Simulation } from './simulation.ts';
import { sentMails } from './world.ts';

const minute = 60_000;
const at = (minutes: number): number => epoch + minutes * minute;
const iso = (time: number): string => new Date(time).toISOString();
const crash = { kinds: ['crash-before', 'crash-after'] satisfies FaultKind[] };
const anyFault = {
  kinds: [...crash.kinds, 'refused', 'reply-lost', 'own-write-conflicts', 'partly-refused'] satisfies FaultKind[],
};

function booking(number: number, options: Partial<BookingOptions> = {}): Booking {
  const bookingId = `0000000${number}-0000-4000-8000-000000000000`;
  return createBooking({ bookingId, name: `b${number}`, seats: ['3A'], expiresAt: iso(at(10)), ...options });
}

const participants = ['seats', 'payments'] as const;

/**
 * All cases of one booking, and of two bookings, for one seat. Seats and payments take part. Receipts has its own
 * scopes, since the other services do not react to its events.
 */
export function scopes(): Scope[] {
  const one = booking(1);
  const declined = booking(1, { method: 'pm_card_visa_chargeDeclined' });
  const cancelled = booking(1, { isCancelled: true });
  const two = booking(2);
  // Seats and payments refuse requests from minute 10 on. Seats ends holds from minute 11 on.
  const expiry = { times: { seats: [at(10.5), at(12)], payments: [at(12)] } };
  const holdEnds = { times: { seats: [at(12)] } };
  const once = { ...anyFault, faults: 1 };
  const oneCrash = { ...crash, faults: 1 };
  const oneDuplicate = { duplicates: 1 };
  // Two bookings compete at seats only, so payments needs one run at a time.
  const inTurns = { concurrency: { seats: 2, payments: 1 } };
  const lateFlight = { events: [flightScheduled, one.requested], countsReceives: true };
  const confirmed = ['BookingRequested', 'SeatBooked', 'PaymentOk'] as const;
  const oneRun = { concurrency: { seats: 1, payments: 1 } };
  const refunded = ['BookingRequested', 'SeatBooked', 'PaymentOk', 'PaymentRefunded'] as const;
  return [
    of('one booking', [one]),
    of('one booking, one fault of any kind', [one], once),
    of('one booking, one crash, one duplicate', [one], oneCrash, oneDuplicate),
    of('one declined booking, one fault of any kind', [declined], once),
    of('one declined booking, one crash, one duplicate', [declined], oneCrash, oneDuplicate),
    of('one booking that expires', [one], expiry),
    of('one booking that expires, one duplicate', [one], expiry, oneDuplicate),
    of('one booking that expires, one crash', [one], expiry, oneCrash),
    of('one booking with a cancel', [cancelled]),
    of('one booking with a cancel, one duplicate', [cancelled], oneDuplicate),
    of('one booking with a cancel, one crash', [cancelled], oneCrash),
    of('one booking with a cancel that expires', [cancelled], expiry),
    of('two bookings on one seat', [one, two], inTurns),
    of('two bookings on one seat, one duplicate', [one, two], inTurns, oneDuplicate),
    of('two bookings on one seat, one crash', [one, two], inTurns, oneCrash),
    of('two bookings on one seat, the first with a cancel', [cancelled, two], inTurns),
    of('two requests with one id and two amounts', [booking(1, { conflict: 'amount' })], holdEnds, oneRun),
    of('two requests with one id and two currencies', [booking(1, { conflict: 'currency' })], holdEnds, oneRun),
    of('two requests with one id for two seats', [booking(1, { conflict: 'seats' })]),
    of('two requests with one id for two seats, one crash', [booking(1, { conflict: 'seats' })], oneCrash),
    of('one booking whose flight is scheduled later', [one], lateFlight),
    of('one booking whose flight is scheduled later, one crash', [one], lateFlight, oneCrash),
    receiptsScope(booking(1, { conflict: 'seats' }), 'two requests with one id for two seats', confirmed),
    receiptsScope(booking(1, { conflict: 'amount' }), 'two requests with one id and two amounts', confirmed),
    receiptsScope(one, 'a confirmed booking, one crash, one duplicate', confirmed, {
      faults: 1,
      duplicates: 1,
    }),
    receiptsScope(one, 'a refunded booking, one crash, one run at a time', refunded, { faults: 1, runs: 1 }),
    receiptsScope(one, 'a refunded booking, one crash', refunded, { faults: 1 }),
  ];
}

/**
 * Each way in which a booking can end, without faults and with one run of a service at a time. It takes seconds, so a
 * quick gate can search it with other rules of the bus.
 */
export function quickScopes(): Scope[] {
  const oneRun = { concurrency: { seats: 1, payments: 1 } };
  return [
    of('one booking', [booking(1)], oneRun),
    of('one declined booking', [booking(1, { method: 'pm_card_visa_chargeDeclined' })], oneRun),
    of('one booking with a cancel', [booking(1, { isCancelled: true })], oneRun),
    of('one booking whose hold ends', [booking(1)], oneRun, { times: { seats: [at(12)] } }),
    of('two bookings on one seat', [booking(1), booking(2)], oneRun),
  ];
}

function of(name: string, bookings: Booking[], ...details: Partial<Scope>[]): Scope {
  const events = bookings.flatMap(({ requested, moreEvents }): AirlineEvent[] => [requested, ...moreEvents]);
  const scope = { name, bookings, events, services: participants, judge: judgeParticipants };
  return Object.assign(scope, ...details) as Scope;
}

/**
 * Checks that seats and payments agree, and that no seat and no money is left behind. Status and receipts are not
 * needed: their result depends on the published events only.
 */
async function judgeParticipants({ seats: { world, oracle }, payments }: Record<Service, Simulation>): Promise<void> {
  for (const { name, request } of world.bookings) {
    const { bookingId } = request;
    const seats = (await world.seatStore.load(bookingId))?.record;
    const { holders } = await world.seatStore.viewRequest({ ...request, seats: allSeats });
    const held = [...holders].filter(([, holder]) => holder === bookingId).map(([seat]) => seat);
    const { charged, refunded } = payments.world.provider.movedFor(bookingId);
    const published = new Set(
      [oracle, payments.oracle].flatMap((each) => [...(each.published.get(bookingId)?.keys() ?? [])]),
    );
    const summary =
      `record ${seats?.state ?? 'none'}, seats ${held.join(', ') || 'none'}, ${charged} charged, ${refunded} refunded, ` +
      `published ${[...published].join(', ')}`;
    const isAnswered =
      (published.has('SeatBooked') || published.has('SeatUnavailable')) &&
      (published.has('PaymentOk') || published.has('PaymentFailed'));
    if (!isAnswered) throw new Violation('everything-settles', `${name} got no answer: ${summary}`);
    await checkSold(name, seats, payments.world, bookingId);
    const isConfirmed =
      oracle.namesOneAmount(bookingId) && !published.has('SeatReleased') && !published.has('PaymentRefunded');
    if (isConfirmed) {
      if (seats?.state !== 'SOLD' || held.join() !== seats.seats.join())
        throw new Violation('confirmed-is-sold', `${name}: ${summary}`);
      continue;
    }
    const isTakenBack =
      (published.has('SeatUnavailable') || published.has('SeatReleased')) &&
      (published.has('PaymentFailed') || published.has('PaymentRefunded'));
    if (!isTakenBack)
      throw new Violation('everything-settles', `${name} failed at one service and not at the other: ${summary}`);
    if (held.length > 0) throw new Violation('failed-holds-nothing', `${name}: ${summary}`);
    if (charged !== refunded) throw new Violation('failed-costs-nothing', `${name}: ${summary}`);
  }
}

type ReceivedType = 'BookingRequested' | 'SeatBooked' | 'PaymentOk' | 'PaymentRefunded';

function receiptsScope(
  booking: Booking,
  title: string,
  received: readonly ReceivedType[],
  { faults = 0, duplicates = 0, runs = 2 } = {},
): Scope {
  const { bookingId, seats, payment } = booking.request;
  const { amountMinor, currency } = payment;
  const occurredAt = iso(epoch);
  const causedBy = booking.requested;
  const events: Record<ReceivedType, AirlineEvent> = {
    BookingRequested: booking.requested,
    SeatBooked: newEvent(
      'SeatBooked',
      { bookingId, flightId: booking.request.flightId, seats, amountMinor, currency },
      { occurredAt, causedBy },
    ),
    PaymentOk: newEvent(
      'PaymentOk',
      { bookingId, paymentId: 'pi_1', amountMinor, currency, paidAt: occurredAt },
      { occurredAt, causedBy },
    ),
    PaymentRefunded: newEvent(
      'PaymentRefunded',
      { bookingId, paymentId: 'pi_1', refundId: 're_1', amountMinor, currency, reason: 'hold-expired' },
      { occurredAt, causedBy },
    ),
  };
  return {
    name: `receipts: ${title}`,
    bookings: [booking],
    events: [...received.map((type) => events[type]), ...booking.moreEvents],
    services: ['receipts'],
    concurrency: { receipts: runs },
    ...crash,
    faults,
    duplicates,
    judge: async ({ receipts: { world, oracle } }) => {
      await checkMails(world, oracle, booking);
      const others = world.mails.filter(({ to }) => to !== booking.request.passenger.email);
      if (others.length > 0)
        throw new Violation('shows-what-was-sold', `a mail went to ${others[0]!.to}, whose request was not sold`);
      // The sold request may have come after the other one, and wait for a redrive.
      const sold = JSON.stringify(booking.request);
      const waits = world.queues.receipts.deadLetters.some(({ body }) => body.includes(sold));
      if (!received.includes('PaymentRefunded') && !waits && sentMails(world, bookingId, 'Receipt') === 0)
        throw new Violation('confirmed-has-one-receipt', 'no receipt was sent');
    },
  };
}

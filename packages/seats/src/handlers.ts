import { causeOf, newEvent, type AirlineEvent, type EventData } from '@airline/events-schemas/events';
import { type Handlers, UnprocessableEventError } from '@airline/messaging/consume';
import {
  admit,
  asksTheSame,
  decideOnNo,
  decideOnPaid,
  hold,
  keepsSeats,
  type NoFromElsewhere,
  reasonForPaymentFailure,
  refuse,
  type BookingRequest,
  type Refused,
  type SeatsRecord,
} from './domain.ts';
import type { SeatStore } from './seat-store.ts';

export interface Dependencies {
  store: SeatStore;
  now: () => Date;
  /** A fact arrived that cannot be, such as a failed payment of a sold seat: someone must look. */
  reportImpossible: (event: AirlineEvent, record: SeatsRecord) => void;
}

/** The seats' side of the choreography: every cell of its table is one path through one of these. */
export function createHandlers({ store, now, reportImpossible }: Dependencies) {
  const time = (): string => now().toISOString();

  /** Claims in seat order, so that two bookings of the same seats collide on the first. */
  async function claim({ bookingId, flightId, seats }: BookingRequest): Promise<{ claimed: string[]; refused?: Refused }> {
    const claimed: string[] = [];
    for (const seat of [...seats].sort((a, b) => a.localeCompare(b, 'en', { numeric: true }))) {
      if (!(await store.claimSeat(flightId, seat, bookingId))) {
        return { claimed, refused: { kind: 'refused', reason: 'taken', unavailableSeats: [seat] } };
      }
      claimed.push(seat);
    }
    return { claimed };
  }

  async function onBookingRequested(event: AirlineEvent<'BookingRequested'>): Promise<AirlineEvent[]> {
    const request = event.data;
    const { bookingId, flightId } = request;
    for (;;) {
      const { stored, flight, holders } = await store.viewRequest(request);
      const record = stored?.record;
      if (record && !asksTheSame(record, request)) {
        throw new UnprocessableEventError('conflicting-request', `Booking ${bookingId} was answered for another request; the first one stands.`);
      }
      const ours = request.seats.filter((seat) => holders.get(seat) === bookingId);
      if (record && record.state !== 'PAID_EARLY' && record.state !== 'TOMBSTONE') {
        // A crash between a claim and its record may have left seats that nobody else would free.
        if (!keepsSeats(record)) await store.freeSeats(flightId, ours, bookingId);
        return answerOf(bookingId, record);
      }

      const paidEarly = record?.state === 'PAID_EARLY';
      let refused: Refused | undefined;
      let claimed: string[] = [];
      if (record?.state === 'TOMBSTONE') {
        refused = { kind: 'refused', reason: record.reason, unavailableSeats: [] };
      } else {
        const admission = admit(request, paidEarly, { flight, holders, now: time() });
        if (admission.kind === 'refused') refused = admission;
        else ({ claimed, refused } = { refused: undefined, ...(await claim(request)) });
      }
      const next = refused ? refuse(request, refused, time(), causeOf(event)) : hold(request, paidEarly, time(), causeOf(event));

      // The record first, the seats after it: freed before, they could be those that a duplicate of this run just booked.
      if (!(await store.save(bookingId, next, stored))) continue;
      if (!keepsSeats(next)) await store.freeSeats(flightId, [...new Set([...ours, ...claimed])], bookingId);
      return answerOf(bookingId, next);
    }
  }

  async function onNo(event: AirlineEvent, bookingId: string, reason: NoFromElsewhere): Promise<AirlineEvent[]> {
    for (;;) {
      const stored = await store.load(bookingId);
      const decision = decideOnNo(stored?.record, reason, time(), causeOf(event));
      if (decision.kind === 'nothing') return [];
      if (decision.kind === 'impossible') {
        reportImpossible(event, stored!.record);
        return [];
      }
      const record = decision.kind === 'write' ? decision.record : stored!.record;
      if (decision.kind === 'write' && !(await store.save(bookingId, record, stored))) continue;
      if (record.state !== 'RELEASED') return [];
      await store.freeSeats(record.flightId, record.seats, bookingId);
      return answerOf(bookingId, record).slice(-1);
    }
  }

  return {
    async FlightScheduled({ data, metadata }) {
      await store.scheduleFlight(data, Date.parse(metadata.occurredAt));
      return [];
    },

    BookingRequested: onBookingRequested,

    PaymentFailed(event) {
      return onNo(event, event.data.bookingId, reasonForPaymentFailure(event.data.reason));
    },

    async PaymentOk({ data: { bookingId } }) {
      for (;;) {
        const stored = await store.load(bookingId);
        const next = decideOnPaid(stored?.record);
        if (!next || (await store.save(bookingId, next, stored))) return [];
      }
    },
  } satisfies Handlers;
}

/** What seats says about a booking, the same words every time: its yes or no, and after it that the yes was taken back. */
function answerOf(bookingId: string, record: SeatsRecord): AirlineEvent[] {
  switch (record.state) {
    case 'PAID_EARLY':
    case 'TOMBSTONE':
      return [];
    case 'REFUSED': {
      const { flightId, seats, unavailableSeats, reason, at, causedBy } = record;
      return [newEvent('SeatUnavailable', { bookingId, flightId, seats, unavailableSeats, reason }, { occurredAt: at, causedBy })];
    }
    case 'HELD':
    case 'SOLD':
    case 'RELEASED': {
      const { flightId, seats, amountMinor, currency, at, causedBy } = record;
      const data: EventData<'SeatBooked'> = { bookingId, flightId, seats, amountMinor, currency };
      const booked = newEvent('SeatBooked', data, { occurredAt: at, causedBy });
      if (record.state !== 'RELEASED') return [booked];
      const { reason, at: releasedAt, causedBy: releasedBecause } = record.release;
      const released = { bookingId, flightId, seats, reason };
      return [booked, newEvent('SeatReleased', released, { occurredAt: releasedAt, causedBy: releasedBecause })];
    }
  }
}

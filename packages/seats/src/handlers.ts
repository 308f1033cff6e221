import { causeOf, newEvent, type AirlineEvent, type EventData } from '@airline/events-schemas/events';
import type { HandlersOf } from '@airline/events-schemas/reads';
import { UnprocessableEventError } from '@airline/messaging/consume';
import {
  admit,
  asksTheSame,
  decideOnCancelled,
  decideOnNo,
  decideOnPaid,
  decideOnTimer,
  hold,
  keepsSeats,
  type NoDecision,
  reasonForPaymentFailure,
  refuse,
  sell,
  type BookingRequest,
  type HoldRules,
  type Refused,
  type SeatsRecord,
  type TimerDecision,
} from './domain.ts';
import type { HoldTimer } from './hold-timer.ts';
import type { Heard, reads } from './reads.ts';
import type { SeatStore } from './seat-store.ts';

export interface Dependencies {
  store: SeatStore;
  holdTimer: HoldTimer;
  holdRules: HoldRules;
  now: () => Date;
  /** A fact arrived that cannot be, such as a failed payment of a sold seat: someone must look. */
  reportImpossible: (event: Heard<'PaymentFailed'>, record: SeatsRecord) => void;
  /** Told each answer of seats when it comes true, by the run whose write made it so. @default nobody counts */
  onRecorded?: (event: AirlineEvent) => void;
}

/** The seats' side of the choreography: every cell of its table is one path through one of these. */
export function createHandlers({ store, holdTimer, holdRules, now, reportImpossible, onRecorded }: Dependencies) {
  const time = (): string => now().toISOString();

  /** Claims in seat order, so that two bookings of the same seats collide on the first. */
  async function claim({
    bookingId,
    flightId,
    seats,
  }: BookingRequest): Promise<{ claimed: string[]; refused?: Refused }> {
    const claimed: string[] = [];
    for (const seat of [...seats].sort((a, b) => a.localeCompare(b, 'en', { numeric: true }))) {
      if (!(await store.claimSeat(flightId, seat, bookingId))) {
        return { claimed, refused: { kind: 'refused', reason: 'taken', unavailableSeats: [seat] } };
      }
      claimed.push(seat);
    }
    return { claimed };
  }

  async function onBookingRequested(event: Heard<'BookingRequested'>): Promise<AirlineEvent[]> {
    const request = event.data;
    const { bookingId, flightId } = request;
    for (;;) {
      const { stored, flight, holders } = await store.viewRequest(request);
      const record = stored?.record;
      if (record && !asksTheSame(record, request)) {
        throw new UnprocessableEventError(
          'conflicting-request',
          `Booking ${bookingId} was answered for another request; the first one stands.`,
        );
      }
      const ours = request.seats.filter((seat) => holders.get(seat) === bookingId);
      if (record && record.state !== 'PAID_EARLY' && record.state !== 'TOMBSTONE') {
        // A crash between a claim and its record may have left seats that nobody else would free.
        if (!keepsSeats(record)) await store.freeSeats(flightId, ours, bookingId);
        return sayHeld(bookingId, record);
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
      let next: SeatsRecord;
      if (refused) next = refuse(request, refused, time(), causeOf(event));
      else if (paidEarly) next = sell(request, time(), causeOf(event));
      else next = hold(request, holdRules, time(), causeOf(event));

      // The record first, the seats after it: freed before, they could be those that a duplicate of this run just booked.
      if (!(await store.save(bookingId, next, stored))) continue;
      tell(bookingId, next);
      if (!keepsSeats(next)) await store.freeSeats(flightId, [...new Set([...ours, ...claimed])], bookingId);
      return sayHeld(bookingId, next);
    }
  }

  /** The last thing that a record says is what its write made true. */
  function tell(bookingId: string, written: SeatsRecord): void {
    for (const event of answerOf(bookingId, written).slice(-1)) onRecorded?.(event);
  }

  /** The answer to a request. A hold is said only once its timer is set: a crash before that is healed by redelivery. */
  async function sayHeld(bookingId: string, record: SeatsRecord): Promise<AirlineEvent[]> {
    if (record.state === 'HELD') await holdTimer.set(bookingId, record.holdExpiresAt);
    return answerOf(bookingId, record);
  }

  /** Takes the seats' yes back where the decision on what is found says so. */
  async function takeBack(
    bookingId: string,
    decide: (found: SeatsRecord | undefined) => NoDecision | TimerDecision,
  ): Promise<AirlineEvent[]> {
    for (;;) {
      const stored = await store.load(bookingId);
      const decision = decide(stored?.record);
      if (decision.kind === 'nothing' || decision.kind === 'impossible') return [];
      if (decision.kind === 'too-early') {
        await holdTimer.set(bookingId, decision.dueAt);
        return [];
      }
      const record = decision.kind === 'write' ? decision.record : stored!.record;
      if (decision.kind === 'write' && !(await store.save(bookingId, record, stored))) continue;
      if (record.state !== 'RELEASED') return [];
      if (decision.kind === 'write') tell(bookingId, record);
      await store.freeSeats(record.flightId, record.seats, bookingId);
      return answerOf(bookingId, record).slice(-1);
    }
  }

  const handlers = {
    async FlightScheduled({ data, metadata }) {
      await store.scheduleFlight(data, Date.parse(metadata.occurredAt));
      return [];
    },

    BookingRequested: onBookingRequested,

    PaymentFailed(event) {
      const reason = reasonForPaymentFailure(event.data.reason);
      return takeBack(event.data.bookingId, (found) => {
        const decision = decideOnNo(found, reason, time(), causeOf(event));
        if (decision.kind === 'impossible') reportImpossible(event, found!);
        return decision;
      });
    },

    BookingCancelled(event) {
      return takeBack(event.data.bookingId, (found) => decideOnCancelled(found, time(), causeOf(event)));
    },

    async PaymentOk({ data: { bookingId } }) {
      for (;;) {
        const stored = await store.load(bookingId);
        const next = decideOnPaid(stored?.record);
        if (!next || (await store.save(bookingId, next, stored))) return [];
      }
    },
  } satisfies HandlersOf<typeof reads>;

  return {
    ...handlers,

    /** The hold timer of a booking fires: no event of the bus, but a message of seats to itself. */
    HoldExpired: (bookingId: string): Promise<AirlineEvent[]> =>
      takeBack(bookingId, (found) => decideOnTimer(found, time())),
  };
}

/** What seats says about a booking, the same words every time: its yes or no, and after it that the yes was taken back. */
function answerOf(bookingId: string, record: SeatsRecord): AirlineEvent[] {
  switch (record.state) {
    case 'PAID_EARLY':
    case 'TOMBSTONE':
      return [];
    case 'REFUSED': {
      const { flightId, seats, unavailableSeats, reason, at, causedBy } = record;
      return [
        newEvent(
          'SeatUnavailable',
          { bookingId, flightId, seats, unavailableSeats, reason },
          { occurredAt: at, causedBy },
        ),
      ];
    }
    case 'HELD':
    case 'SOLD':
    case 'RELEASED': {
      const { flightId, seats, amountMinor, currency, at, causedBy } = record;
      const { holdExpiresAt } = record;
      const data: EventData<'SeatBooked'> = {
        bookingId,
        flightId,
        seats,
        amountMinor,
        currency,
        ...(holdExpiresAt !== undefined && { holdExpiresAt }),
      };
      const booked = newEvent('SeatBooked', data, { occurredAt: at, causedBy });
      if (record.state !== 'RELEASED') return [booked];
      const { reason, at: releasedAt, causedBy: releasedBecause } = record.release;
      const released = { bookingId, flightId, seats, reason };
      return [booked, newEvent('SeatReleased', released, { occurredAt: releasedAt, causedBy: releasedBecause })];
    }
  }
}

import { flightVersionOf } from '@airline/events-schemas/flight-version';
import { causeOf, newEvent, type AirlineEvent, type EventData } from '@airline/events-schemas/events';
import type { Delivery, HandlersOf } from '@airline/events-schemas/reads';
import { TooEarlyError, UnprocessableEventError } from '@airline/messaging/consume';
import {
  admit,
  asksTheSame,
  decideOnCancelled,
  decideOnNo,
  decideOnPaid,
  decideOnTimer,
  flightOf,
  hold,
  keepsSeat,
  keepsSeats,
  type Money,
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
  /**
   * Called for an event that contradicts the record: `PaymentFailed` for a sold seat, or `PaymentOk` of other money.
   * Alerts the operator.
   */
  reportImpossible: (event: Heard<'PaymentFailed' | 'PaymentOk'>, record: SeatsRecord) => void;
  /** Called once for each new event, by the run whose write recorded it. Counts metrics. @default not called */
  onRecorded?: (event: AirlineEvent) => void;
}

/**
 * How often a request for an unknown flight is tried again before it is refused. Its `FlightScheduled` may be on the
 * way: nothing orders the two. The retry backoff makes this about ten seconds.
 */
export const retriesForFlight = 2;

/** Returns one handler for each event that seats consumes. A handler returns the events to publish. */
export function createHandlers({ store, holdTimer, holdRules, now, reportImpossible, onRecorded }: Dependencies) {
  const time = (): string => now().toISOString();

  /** Claims in seat order, so that two bookings for the same seats conflict at the first seat. */
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

  async function onBookingRequested(
    event: Heard<'BookingRequested'>,
    { receiveCount }: Delivery,
  ): Promise<AirlineEvent[]> {
    const request = event.data;
    const { bookingId, flightId } = request;
    // Repeats only if another run wrote the record between this run's read and its write.
    for (;;) {
      const { stored, flight, holders } = await store.viewRequest(request);
      const record = stored?.record;
      const claimedBefore = request.seats.filter((seat) => holders.get(seat) === bookingId);
      if (record && record.state !== 'PAID_EARLY' && record.state !== 'TOMBSTONE') {
        // A run that crashed before it saved its record may have left claims. Nothing else would free them. If another
        // request was answered, the record keeps the seats of that request, and no others.
        const left = claimedBefore.filter((seat) => !keepsSeat(record, flightId, seat));
        if (left.length > 0) await store.freeSeats(flightId, left, bookingId);
        if (asksTheSame(record, request)) return setTimerAndAnswer(bookingId, record);
        throw new UnprocessableEventError(
          'conflicting-request',
          `Seats already answered another request for booking ${bookingId}; the first request stands.`,
        );
      }

      const paid: Money | undefined = record?.state === 'PAID_EARLY' ? record : undefined;
      let refused: Refused | undefined;
      let claimed: string[] = [];
      if (record?.state === 'TOMBSTONE') {
        refused = { kind: 'refused', reason: record.reason, unavailableSeats: [] };
      } else {
        const admission = admit(request, paid, { flight, holders, now: time() });
        if (admission.kind === 'refused') {
          if (admission.reason === 'unknown-flight' && receiveCount <= retriesForFlight)
            throw new TooEarlyError(`Flight ${flightId} of booking ${bookingId} is not scheduled yet.`);
          refused = admission;
        } else ({ claimed, refused } = await claim(request));
      }
      let next: SeatsRecord;
      if (refused) next = refuse(request, refused, time(), causeOf(event));
      else if (paid) next = sell(request, time(), causeOf(event));
      else next = hold(request, holdRules, time(), causeOf(event));

      // Save before freeing: if a duplicate of this run has just booked the seats, the save fails and nothing is freed.
      if (!(await store.save(bookingId, next, stored))) continue;
      reportRecorded(bookingId, next);
      if (!keepsSeats(next)) await store.freeSeats(flightId, [...new Set([...claimedBefore, ...claimed])], bookingId);
      return setTimerAndAnswer(bookingId, next);
    }
  }

  /** Only the record's last event is new; the ones before it were recorded earlier. */
  function reportRecorded(bookingId: string, record: SeatsRecord): void {
    for (const event of eventsOf(bookingId, record).slice(-1)) onRecorded?.(event);
  }

  /** Sets the timer before `SeatBooked` is published. If that fails, the request is redelivered and tried again. */
  async function setTimerAndAnswer(bookingId: string, record: SeatsRecord): Promise<AirlineEvent[]> {
    if (record.state === 'HELD') await holdTimer.set(bookingId, record.holdExpiresAt);
    return eventsOf(bookingId, record);
  }

  /** Loads, decides, saves. If the record is then `RELEASED`, frees its seats and returns `SeatReleased`. */
  async function applyDecision(
    bookingId: string,
    decide: (record: SeatsRecord | undefined) => NoDecision | TimerDecision,
  ): Promise<AirlineEvent[]> {
    // Repeats only if another run wrote the record between this run's read and its write.
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
      if (decision.kind === 'write') reportRecorded(bookingId, record);
      await store.freeSeats(record.flightId, record.seats, bookingId);
      return eventsOf(bookingId, record).slice(-1);
    }
  }

  function reportIfImpossible(
    event: Heard<'PaymentFailed' | 'PaymentOk'>,
    record: SeatsRecord | undefined,
    decision: NoDecision,
  ): NoDecision {
    if (decision.kind === 'impossible') reportImpossible(event, record!);
    return decision;
  }

  const handlers = {
    async FlightScheduled(event) {
      await store.scheduleFlight(flightOf(event.data), flightVersionOf(event));
      return [];
    },

    BookingRequested: onBookingRequested,

    PaymentFailed(event) {
      const reason = reasonForPaymentFailure(event.data.reason);
      return applyDecision(event.data.bookingId, (record) => {
        return reportIfImpossible(event, record, decideOnNo(record, reason, time(), causeOf(event)));
      });
    },

    BookingCancelled(event) {
      return applyDecision(event.data.bookingId, (record) => decideOnCancelled(record, time(), causeOf(event)));
    },

    PaymentOk(event) {
      return applyDecision(event.data.bookingId, (record) =>
        reportIfImpossible(event, record, decideOnPaid(record, event.data)),
      );
    },
  } satisfies HandlersOf<typeof reads>;

  return {
    ...handlers,

    /** Handles the hold timer: a message that seats sends to its own queue, not an event of the bus. */
    HoldExpired: (bookingId: string): Promise<AirlineEvent[]> =>
      applyDecision(bookingId, (record) => decideOnTimer(record, time())),
  };
}

/** Returns the events that follow from a record, oldest first. The same record always leads to identical events. */
function eventsOf(bookingId: string, record: SeatsRecord): AirlineEvent[] {
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
      const { flightId, seats, amountMinor, currency, at, causedBy, holdExpiresAt } = record;
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
      const { reason, at: releasedAt, causedBy: releaseCause } = record.release;
      const released = { bookingId, flightId, seats, reason };
      return [booked, newEvent('SeatReleased', released, { occurredAt: releasedAt, causedBy: releaseCause })];
    }
  }
}

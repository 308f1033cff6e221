import { createHash, randomUUID } from 'node:crypto';
import { type AirlineEvent, type EventData, newEvent } from '@airline/events-schemas/events';
import { drawName } from './chaos-names.ts';

/** A seat that is free. */
export interface FreeSeat {
  flightId: string;
  seat: string;
  fare: { amountMinor: number; currency: string };
}

/** One booking of a chaos run. */
export interface PlannedBooking {
  request: Omit<EventData<'BookingRequested'>, 'requestedAt' | 'expiresAt'>;
  /** How it must end; `either` if another booking requests the same seat. */
  ends: 'confirmed' | 'failed' | 'either';
  /** The events to publish and their turns: the request, possibly several times, and possibly a cancellation. */
  publications: { turn: number; type: 'BookingRequested' | 'BookingCancelled' }[];
}

const expiresAfterMilliseconds = 10 * 60 * 1000;
/** A repetition or a cancellation is published at most this many bookings later. */
const furthestTurns = 30;
/** A rival requests one of the last 20 seats, whose bookings may still be in flight. */
const rivalsAmong = 20;

/**
 * A mix of bookings of free seats. For the same seed it is the same, except for the ids.
 * - Names are of all scripts, and some are hardly names.
 * - Most request seats of their own. Some are rivals: they request a seat that another booking requests, too.
 * - Some cards are declined.
 * - Some requests are published up to three times.
 * - Some bookings are cancelled, a few of them before they are requested.
 * @throws Error when there are too few seats
 */
export function planBookings(freeSeats: readonly FreeSeat[], count: number, seed: number): PlannedBooking[] {
  const seats = new SeatsInTurn(freeSeats);
  const wanted: FreeSeat[] = [];
  const contested = new Set<FreeSeat>();
  const draft = Array.from({ length: count }, (_, turn) => {
    const draw = (what: string): number =>
      createHash('sha256').update(`${seed}/${turn}/${what}`).digest().readUInt32BE() / 2 ** 32;
    const recent = wanted.slice(-rivalsAmong);
    const rival = draw('rival') < 0.12 ? recent[Math.floor(draw('whose') * recent.length)] : undefined;
    const own = rival ? [rival] : seats.take(draw('several') < 0.85 ? 1 : 2 + Math.floor(draw('seats') * 2));
    if (own.length === 0) throw new Error(`The free seats are enough for ${turn} bookings only.`);
    if (rival) contested.add(rival);
    else wanted.push(...own);

    const declined = draw('declined') < 0.08;
    const cancelled = draw('cancelled') < 0.1;
    const repeats = draw('repeated') < 0.1 ? 1 + Math.floor(draw('twice') * 2) : 0;
    const later = (what: string): number => turn + Math.floor(draw(what) * furthestTurns);
    const publications: PlannedBooking['publications'] = [
      { turn, type: 'BookingRequested' },
      ...Array.from({ length: repeats }, (_, n) => ({ turn: later(`repeat ${n}`), type: 'BookingRequested' }) as const),
      ...(cancelled ? [{ turn: Math.max(0, later('cancel') - 3), type: 'BookingCancelled' } as const] : []),
    ];
    return {
      request: requestFor(own, drawName(draw), declined),
      ends: declined || cancelled ? 'failed' : 'confirmed',
      publications,
      own,
    } as const;
  });
  return draft.map(({ own, request, ends, publications }) => ({
    request,
    publications,
    ends: ends === 'confirmed' && own.some((seat) => contested.has(seat)) ? 'either' : ends,
  }));
}

/**
 * An event of a booking. With the same time, it is the same event each time.
 * @param askedAt milliseconds since the epoch
 */
export function eventOf(
  type: 'BookingRequested' | 'BookingCancelled',
  { request }: PlannedBooking,
  askedAt: number,
): AirlineEvent {
  const at = new Date(askedAt).toISOString();
  if (type === 'BookingCancelled')
    return newEvent(type, { bookingId: request.bookingId, cancelledAt: at }, { occurredAt: at });
  return newEvent(
    type,
    { ...request, requestedAt: at, expiresAt: new Date(askedAt + expiresAfterMilliseconds).toISOString() },
    { occurredAt: at },
  );
}

function requestFor(seats: readonly FreeSeat[], name: string, declined: boolean): PlannedBooking['request'] {
  const bookingId = randomUUID();
  return {
    bookingId,
    flightId: seats[0]!.flightId,
    seats: seats.map(({ seat }) => seat),
    // A different address for each booking, so that its mails can be counted.
    passenger: { name, email: `${bookingId}@example.com` },
    payment: {
      method: declined ? 'pm_card_visa_chargeDeclined' : 'pm_card_visa',
      amountMinor: seats.reduce((sum, { fare }) => sum + fare.amountMinor, 0),
      currency: seats[0]!.fare.currency,
    },
  };
}

/** Hands out seats in their order. */
class SeatsInTurn {
  readonly #seats: readonly FreeSeat[];
  #next = 0;

  constructor(seats: readonly FreeSeat[]) {
    this.#seats = seats;
  }

  /** The next `count` seats, or fewer when the flight of the next seat has no more. */
  take(count: number): FreeSeat[] {
    const first = this.#seats[this.#next];
    const taken = this.#seats
      .slice(this.#next, this.#next + count)
      .filter(({ flightId }) => flightId === first?.flightId);
    this.#next += taken.length;
    return taken;
  }
}

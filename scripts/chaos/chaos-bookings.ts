import { createHash, randomUUID } from 'node:crypto';
import { type AirlineEvent, type EventData, newEvent } from '@airline/events-schemas/events';

/** A seat that nobody has yet. */
export interface FreeSeat {
  flightId: string;
  seat: string;
  fare: { amountMinor: number; currency: string };
}

/** One booking of a chaos run. */
export interface PlannedBooking {
  request: Omit<EventData<'BookingRequested'>, 'requestedAt' | 'expiresAt'>;
  /** How it must end; `either` where another wants the same seat. */
  ends: 'confirmed' | 'failed' | 'either';
  /** What is published about it, and at which turn: the request, perhaps more than once, and perhaps that it is cancelled. */
  publications: { turn: number; type: 'BookingRequested' | 'BookingCancelled' }[];
}

const expiresAfterMilliseconds = 10 * 60 * 1000;
/** How much later a repetition or a cancellation can be published, in bookings. */
const furthestTurns = 30;
/** Rivals want a seat of one of the last few: of an older one everything would be over. */
const rivalsAmong = 20;

/**
 * A mix of bookings over free seats, the same for the same seed but for its ids: most want seats of their own, some a seat that
 * another wants too; some cards are declined; some requests are published up to three times; some bookings are cancelled, a few
 * of them before they are asked for.
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
      request: requestFor(own, turn, declined),
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

/** What to publish about a booking, the same each time for the same time. @param askedAt milliseconds since the epoch */
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

function requestFor(seats: readonly FreeSeat[], turn: number, declined: boolean): PlannedBooking['request'] {
  const bookingId = randomUUID();
  return {
    bookingId,
    flightId: seats[0]!.flightId,
    seats: seats.map(({ seat }) => seat),
    // An address of its own, by which its mails are counted.
    passenger: { name: `Passenger ${turn + 1}`, email: `${bookingId}@example.com` },
    payment: {
      method: declined ? 'pm_card_visa_chargeDeclined' : 'pm_card_visa',
      amountMinor: seats.reduce((sum, { fare }) => sum + fare.amountMinor, 0),
      currency: seats[0]!.fare.currency,
    },
  };
}

class SeatsInTurn {
  readonly #seats: readonly FreeSeat[];
  #next = 0;

  constructor(seats: readonly FreeSeat[]) {
    this.#seats = seats;
  }

  /** That many, or as many as are left of one flight. */
  take(count: number): FreeSeat[] {
    const first = this.#seats[this.#next];
    const taken = this.#seats
      .slice(this.#next, this.#next + count)
      .filter(({ flightId }) => flightId === first?.flightId);
    this.#next += taken.length;
    return taken;
  }
}

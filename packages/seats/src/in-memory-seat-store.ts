import type { Flight } from './domain.ts';
import { isListed, positionOf } from './flight-list.ts';
import type { SeatStore, Stored } from './seat-store.ts';

/** The seat store for tests and simulations. Like the DynamoDB store, it copies what it takes and returns. */
export function createInMemorySeatStore(): SeatStore {
  const flights = new Map<string, { flight: Flight; version: string }>();
  const records = new Map<string, Stored>();
  const holders = new Map<string, string>();
  const seatKey = (flightId: string, seat: string): string => `${flightId}/${seat}`;
  const load = (bookingId: string): Stored | undefined => structuredClone(records.get(bookingId));

  return {
    async scheduleFlight(flight, version) {
      const known = flights.get(flight.flightId);
      if (known && known.version > version) return;
      flights.set(flight.flightId, { flight: structuredClone(flight), version });
    },

    async viewRequest({ bookingId, flightId, seats }) {
      const taken = seats.flatMap((seat) => {
        const holder = holders.get(seatKey(flightId, seat));
        return holder === undefined ? [] : [[seat, holder] as const];
      });
      return {
        stored: load(bookingId),
        flight: structuredClone(flights.get(flightId)?.flight),
        holders: new Map(taken),
      };
    },

    async load(bookingId) {
      return load(bookingId);
    },

    async save(bookingId, record, read) {
      if (records.get(bookingId)?.version !== read?.version) return false;
      records.set(bookingId, structuredClone({ record, version: (read?.version ?? 0) + 1 }));
      return true;
    },

    async claimSeat(flightId, seat, bookingId) {
      const key = seatKey(flightId, seat);
      if ((holders.get(key) ?? bookingId) !== bookingId) return false;
      holders.set(key, bookingId);
      return true;
    },

    async freeSeats(flightId, seats, bookingId) {
      for (const seat of seats) {
        const key = seatKey(flightId, seat);
        if (holders.get(key) === bookingId) holders.delete(key);
      }
    },

    async listFlights(filters, after, limit) {
      const listed = [...flights.values()]
        .map(({ flight }) => ({ flight, position: positionOf(flight) }))
        .filter(({ flight, position }) => position > after && isListed(flight, filters))
        .sort((a, b) => (a.position < b.position ? -1 : 1));
      const page = listed.slice(0, limit);
      return {
        flights: page.map(({ flight }) => structuredClone(flight)),
        ...(page.length < listed.length && { next: page.at(-1)!.position }),
      };
    },

    async seatMap(flightId) {
      const flight = flights.get(flightId)?.flight;
      if (!flight) return undefined;
      const claims = [...holders].filter(([key]) => key.startsWith(`${flightId}/`));
      return {
        flight: structuredClone(flight),
        claimed: new Map(
          claims.map(([key, bookingId]) => [
            key.slice(flightId.length + 1),
            records.get(bookingId)?.record.state === 'SOLD' ? 'sold' : 'held',
          ]),
        ),
      };
    },
  };
}

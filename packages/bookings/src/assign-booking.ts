import { newEvent, type AirlineEvent } from '@airline/events-schemas/events';
import { findEventMistakes } from '@airline/events-schemas/parse-event';
import type { FieldError } from '@airline/messaging/http-response';
import { randomUUID } from 'node:crypto';
import {
  type Assignment,
  bookingRequested,
  type BookingRequest,
  fareOf,
  findRefusals,
  type Refusal,
} from './domain.ts';
import type { FlightStore } from './flight-store.ts';
import type { OwnerStore } from './owner-store.ts';
import { type Asked, describe } from './read-booking-request.ts';

export interface Dependencies {
  flights: FlightStore;
  owners: OwnerStore;
  expiresAfterSeconds: number;
  now: () => Date;
  /** Told of each request when it gets its id. @default nobody counts */
  onRecorded?: (event: AirlineEvent) => void;
}

export type AssignBooking = (request: BookingRequest, traceparent: string, isLoggedIn: boolean) => Promise<Assignment>;

/** A request that cannot be booked; thrown, so that idempotency does not remember it. */
export class RefusedError extends Error {
  override readonly name = 'RefusedError';
  readonly errors: readonly FieldError[];

  constructor(errors: readonly FieldError[]) {
    super('The request cannot be booked.');
    this.errors = errors;
  }
}

/** Gives a request its id, time and price, and its owner where a customer is logged in. @throws RefusedError when it cannot be booked */
export function createAssignBooking({
  flights,
  owners,
  expiresAfterSeconds,
  now,
  onRecorded,
}: Dependencies): AssignBooking {
  return async (request, traceparent, isLoggedIn) => {
    const flight = await flights.findFlight(request.flightId);
    const time = now();
    const refusals = findRefusals(request, flight, time);
    if (refusals.length > 0) throw new RefusedError(refusals.map((refusal) => explain(refusal, request)));

    const amount = fareOf(flight!, request.seats);
    const requestedAt = time.toISOString();
    const expiresAt = new Date(time.getTime() + expiresAfterSeconds * 1000).toISOString();
    const assignment: Assignment = { bookingId: randomUUID(), requestedAt, expiresAt, amount, traceparent };
    const event = assembleEvent(request, assignment);
    const mistakes = findMistakes(event);
    if (mistakes.some(({ path }) => path === '/data/payment/amountMinor')) {
      const total = `${amount.amountMinor} ${amount.currency} (in minor units)`;
      const message = `cost ${total} together, more than one booking may; book fewer at once`;
      throw new RefusedError([{ field: '/seats', message }]);
    }
    if (mistakes.length > 0) {
      throw new Error(
        `A request that passed its checks breaks the contract at ${mistakes.map(({ path }) => path).join()}`,
      );
    }
    const { customerId } = request;
    // Before anyone can hear of the booking. What a client merely says of itself makes no owner.
    if (isLoggedIn && customerId !== undefined) {
      await owners.keep({ bookingId: assignment.bookingId, customerId, departureTime: flight!.departureTime });
    }
    onRecorded?.(event);
    return assignment;
  };
}

/** The event of a request: from the same request and assignment the same event, word for word. */
export function assembleEvent(request: BookingRequest, assignment: Assignment): AirlineEvent<'BookingRequested'> {
  const { requestedAt: occurredAt, traceparent } = assignment;
  return newEvent('BookingRequested', bookingRequested(request, assignment), { occurredAt, traceparent });
}

function findMistakes({ type, metadata, data }: AirlineEvent): ReturnType<typeof findEventMistakes> {
  return findEventMistakes(type, { metadata, data });
}

/** A refusal in words, at the field that it is about. */
export function explain(refusal: Refusal, { flightId, seats }: Asked): FieldError {
  switch (refusal.reason) {
    case 'unknown-flight':
      return { field: '/flightId', message: `No flight ${flightId} is scheduled; GET /flights lists those that are` };
    case 'departed':
      return { field: '/flightId', message: `${flightId} departed at ${refusal.departureTime}; choose a later flight` };
    case 'unknown-seat': {
      const seat = describe(seats[refusal.position]);
      const message = `${flightId} has no seat ${seat}; GET /flights/${flightId}/seats shows those it has`;
      return { field: `/seats/${refusal.position}`, message };
    }
  }
}

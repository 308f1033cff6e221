import { newEvent, type AirlineEvent } from '@airline/events-schemas/events';
import { findFirstMistake } from '@airline/events-schemas/find-first-mistake';
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
import { type FlightAndSeats, formatValue } from './read-booking-request.ts';

export interface Dependencies {
  flights: FlightStore;
  owners: OwnerStore;
  /** How long a request is valid, in seconds. */
  expiresAfterSeconds: number;
  now: () => Date;
  /** Called once for each request, when it gets its bookingId. Counts metrics. @default not called */
  onRecorded?: (event: AirlineEvent) => void;
}

export type AssignBooking = (request: BookingRequest, traceparent: string, isLoggedIn: boolean) => Promise<Assignment>;

/** The request cannot be booked. This is an error, because idempotency stores results, but not errors. */
export class RefusedError extends Error {
  override readonly name = 'RefusedError';
  readonly errors: readonly FieldError[];

  constructor(errors: readonly FieldError[]) {
    super('The request cannot be booked.');
    this.errors = errors;
  }
}

/**
 * Returns a function that gives a request its bookingId, times and price. It stores a logged-in customer as the owner.
 * It throws {@link RefusedError} if the request cannot be booked.
 */
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
    if (refusals.length > 0) throw new RefusedError(refusals.map((refusal) => toFieldError(refusal, request)));

    const amount = fareOf(flight!, request.seats);
    const requestedAt = time.toISOString();
    const expiresAt = new Date(time.getTime() + expiresAfterSeconds * 1000).toISOString();
    const assignment: Assignment = { bookingId: randomUUID(), requestedAt, expiresAt, amount, traceparent };
    const event = assembleEvent(request, assignment);
    const mistake = findFirstMistake(event.type, event);
    if (mistake?.path === '/data/payment/amountMinor') {
      const total = `${amount.amountMinor} ${amount.currency} (in minor units)`;
      const message = `cost ${total} together, which is more than one booking may cost; book fewer seats at once`;
      throw new RefusedError([{ field: '/seats', message }]);
    }
    if (mistake) throw new Error(`A request passed all checks, but its event violates the contract at ${mistake.path}`);
    const { customerId } = request;
    // Stored before the event is published, so that a published booking never lacks its owner.
    // A customerId in the body does not make an owner: only a token proves who the customer is.
    if (isLoggedIn && customerId !== undefined) {
      await owners.keep({ bookingId: assignment.bookingId, customerId, departureTime: flight!.departureTime });
    }
    onRecorded?.(event);
    return assignment;
  };
}

/** Builds the event of a request. The same request and assignment always lead to the identical event. */
export function assembleEvent(request: BookingRequest, assignment: Assignment): AirlineEvent<'BookingRequested'> {
  const { requestedAt: occurredAt, traceparent } = assignment;
  return newEvent('BookingRequested', bookingRequested(request, assignment), { occurredAt, traceparent });
}

/** Converts a refusal to an error message for the field that caused it. */
export function toFieldError(refusal: Refusal, { flightId, seats }: FlightAndSeats): FieldError {
  switch (refusal.reason) {
    case 'unknown-flight':
      return {
        field: '/flightId',
        message: `Flight ${flightId} is not scheduled; GET /flights lists the scheduled flights`,
      };
    case 'departed':
      return { field: '/flightId', message: `${flightId} departed at ${refusal.departureTime}; choose a later flight` };
    case 'unknown-seat': {
      const seat = formatValue(seats[refusal.position]);
      const message = `${flightId} has no seat ${seat}; GET /flights/${flightId}/seats lists its seats`;
      return { field: `/seats/${refusal.position}`, message };
    }
  }
}

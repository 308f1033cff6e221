/** A customer of the smoke test: books and cancels over HTTP where that is allowed, otherwise over the bus. */
import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { type AirlineEvent, newEvent } from '@airline/events-schemas/events';
import { createPublisher, publishOrThrow } from '@airline/messaging/publish';
import { newTraceparent } from '@airline/messaging/trace';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { type BookingStatus, foldStatus } from '../../packages/status/src/domain.ts';
import { createDynamoDbFactStore } from '../../packages/status/src/dynamodb-fact-store.ts';
import type { Flight } from '../airline/schedule.ts';
import { jsonOf, type Target } from '../airline/target.ts';
import { smokeFare } from './smoke-flight.ts';

/** How long the desk may not know a flight that seats has on sale. */
const deskMilliseconds = 30_000;
const deskPauseMilliseconds = 300;

export interface Customer {
  /** How it books: over HTTP, or over the bus because customers must log in. */
  way: 'HTTP' | 'bus';
  /** @returns the booking's id */
  book(seat: string, method: string): Promise<string>;
  /** @returns undefined if the booking is not known */
  status(bookingId: string): Promise<BookingStatus | undefined>;
  cancel(bookingId: string): Promise<void>;
}

/** Publishes one event on the airline's bus. */
async function publishEvent(target: Target, event: AirlineEvent): Promise<void> {
  const busName = (await target.parameters()).get('bus/name')!;
  await publishOrThrow(createPublisher({ client: target.eventBridge, busName }), [event]);
}

/** Whether `GET /bookings` and the others ask for a token, as the platform's parameter says. */
export async function requiresLogin(target: Target): Promise<boolean> {
  return ((await target.parameters()).get('api/authorizer-id') ?? 'none') !== 'none';
}

/** @param email of the passenger */
export async function smokeCustomer(target: Target, flight: Flight, email: string): Promise<Customer> {
  const isStranger = (await requiresLogin(target)) && !process.env.AIRLINE_TOKEN;
  return isStranger ? onBus(target, flight, email) : overHttp(target, flight, email);
}

/** The data of a request for a seat of the smoke flight. @param expiresAt RFC 3339 UTC */
export function requestOf(
  flight: Flight,
  {
    bookingId,
    seat,
    method,
    email,
    expiresAt,
  }: Record<'bookingId' | 'seat' | 'method' | 'email' | 'expiresAt', string>,
): AirlineEvent<'BookingRequested'> {
  const requestedAt = new Date().toISOString();
  const data = {
    bookingId,
    flightId: flight.flightId,
    seats: [seat],
    passenger: { name: 'Smoke Test', email },
    payment: { method, ...smokeFare },
    requestedAt,
    expiresAt,
  };
  return newEvent('BookingRequested', data, { occurredAt: requestedAt, traceparent: newTraceparent() });
}

export async function cancelOnBus(target: Target, bookingId: string): Promise<void> {
  const cancelledAt = new Date().toISOString();
  const about = { occurredAt: cancelledAt, traceparent: newTraceparent() };
  await publishEvent(target, newEvent('BookingCancelled', { bookingId, cancelledAt }, about));
}

/** Reads what the status service recorded. With a login, its API shows a booking to its owner only. */
export async function recordedStatus(target: Target, bookingId: string): Promise<BookingStatus | undefined> {
  const client = DynamoDBDocumentClient.from(new DynamoDBClient(target.clientConfig));
  try {
    const facts = await createDynamoDbFactStore(client, `${target.airline}-status`).list(bookingId);
    return facts.length === 0 ? undefined : foldStatus(facts);
  } finally {
    client.destroy();
  }
}

function onBus(target: Target, flight: Flight, email: string): Customer {
  return {
    way: 'bus',
    async book(seat, method) {
      const bookingId = randomUUID();
      const expiresAt = new Date(Date.now() + 600_000).toISOString();
      await publishEvent(target, requestOf(flight, { bookingId, seat, method, email, expiresAt }));
      return bookingId;
    },
    status: (bookingId) => recordedStatus(target, bookingId),
    cancel: (bookingId) => cancelOnBus(target, bookingId),
  };
}

function overHttp(target: Target, flight: Flight, email: string): Customer {
  return {
    way: 'HTTP',
    async book(seat, method) {
      const body = {
        flightId: flight.flightId,
        seats: [seat],
        passenger: { name: 'Smoke Test', email },
        payment: { method },
      };
      const request = {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'idempotency-key': randomUUID() },
        body: JSON.stringify(body),
      };
      const deadline = Date.now() + deskMilliseconds;
      let response = await target.fetch('/bookings', request);
      // Seats has the flight, and the desk hears of it in a queue of its own.
      while (response.status === 422 && Date.now() < deadline) {
        await pause(deskPauseMilliseconds);
        response = await target.fetch('/bookings', request);
      }
      return (await jsonOf<{ bookingId: string }>(response)).bookingId;
    },
    async status(bookingId) {
      const response = await target.fetch(`/bookings/${bookingId}`);
      return response.status === 404 ? undefined : jsonOf<BookingStatus>(response);
    },
    async cancel(bookingId) {
      await jsonOf(await target.fetch(`/bookings/${bookingId}`, { method: 'DELETE' }));
    },
  };
}

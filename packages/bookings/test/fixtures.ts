import { newEvent, type AirlineEvent, type EventData } from '@airline/events-schemas/events';
import { findFirstMistake } from '@airline/events-schemas/find-first-mistake';
import type { Publish } from '@airline/messaging/publish';
import type { APIGatewayProxyEventV2, Context } from 'aws-lambda';
import { createApi, type Dependencies } from '../src/api.ts';
import type { BookingRequest } from '../src/domain.ts';
import { createInMemoryCancellationStore } from '../src/in-memory-cancellation-store.ts';
import { createInMemoryFlightStore } from '../src/in-memory-flight-store.ts';
import { createInMemoryOwnerStore } from '../src/in-memory-owner-store.ts';
import { createInMemoryIdempotency } from '../src/in-memory-idempotency.ts';

export const now = '2026-12-01T09:30:00.000Z';
const letters = ['A', 'C', 'D', 'F'];
export const functionSeconds = 10;
export const context = { getRemainingTimeInMillis: () => functionSeconds * 1000 } as Context;

export function flight(overrides: Partial<EventData<'FlightScheduled'>> = {}): EventData<'FlightScheduled'> {
  return {
    flightId: 'KL1001-20261218',
    carrier: 'KL',
    flightNumber: 'KL1001',
    origin: { iata: 'AMS', city: 'Amsterdam', country: 'Netherlands' },
    destination: { iata: 'ABZ', city: 'Aberdeen', country: 'United Kingdom' },
    departureTime: '2026-12-18T06:37:00Z',
    durationMinutes: 92,
    aircraft: 'Embraer 190',
    cabins: [
      { cabin: 'business', rows: { first: 1, last: 5 }, letters, fare: { amountMinor: 22_680, currency: 'EUR' } },
      { cabin: 'economy', rows: { first: 6, last: 26 }, letters, fare: { amountMinor: 8_100, currency: 'EUR' } },
    ],
    ...overrides,
  };
}

export function flightScheduled(data = flight(), occurredAt = now): AirlineEvent<'FlightScheduled'> {
  return newEvent('FlightScheduled', data, { occurredAt });
}

export function request(overrides: Partial<BookingRequest> = {}): BookingRequest {
  return {
    flightId: 'KL1001-20261218',
    seats: ['12A'],
    passenger: { name: 'Ada Lovelace', email: 'ada@example.com' },
    payment: { method: 'pm_card_visa' },
    ...overrides,
  };
}

export interface Answer {
  status: number;
  headers: Record<string, unknown>;
  // Each test knows the shape of the response that it expects.
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  body: any;
}

interface RequestOptions {
  /** The claims of the token, on a route that has an authorizer. */
  claims?: Record<string, string>;
  query?: Record<string, string>;
  /** Whether the body is base64 of its bytes, as API Gateway sends what is not text. */
  isBase64Encoded?: boolean;
}

export interface Desk {
  /** Sends a POST as API Gateway does. A string is sent unchanged, any other body as JSON. */
  post(body: unknown, headers?: Record<string, string>, options?: RequestOptions): Promise<Answer>;
  cancel(bookingId: string, headers?: Record<string, string>, options?: RequestOptions): Promise<Answer>;
  /** The published events, in order. Publishing an event that violates the contract fails. */
  published: AirlineEvent[];
}

/** The whole API, with in-memory stores unless a test overrides them, and with one scheduled flight. */
export async function openDesk(overrides: Partial<Dependencies> = {}): Promise<Desk> {
  const published: AirlineEvent[] = [];
  const publish: Publish = (events) => {
    published.push(...structuredClone(events));
    return Promise.resolve(events.map(({ type, metadata, data }) => mistakesOf(type, { metadata, data })));
  };
  const flights = overrides.flights ?? createInMemoryFlightStore();
  await flights.scheduleFlight(flight(), now);
  const api = createApi({
    idempotency: createInMemoryIdempotency(),
    cancellations: createInMemoryCancellationStore(),
    owners: createInMemoryOwnerStore(),
    expiresAfterSeconds: 600,
    publish,
    now: () => new Date(now),
    logger: { info: () => undefined, error: () => undefined },
    ...overrides,
    flights,
  });
  async function send(parts: Partial<APIGatewayProxyEventV2>, { claims, query }: RequestOptions = {}): Promise<Answer> {
    const requestContext = claims ? { authorizer: { jwt: { claims, scopes: null } } } : {};
    const event = { ...parts, requestContext, ...(query && { queryStringParameters: query }) };
    const answer = await api(event as unknown as APIGatewayProxyEventV2, context);
    return { status: answer.statusCode!, headers: answer.headers!, body: JSON.parse(answer.body!) };
  }
  return {
    published,
    cancel: (bookingId, headers = {}, options) =>
      send({ routeKey: 'DELETE /bookings/{bookingId}', pathParameters: { bookingId }, headers }, options),
    post(body, headers = {}, options) {
      const text = typeof body === 'string' ? body : JSON.stringify(body);
      const parts = {
        routeKey: 'POST /bookings',
        headers: { 'content-type': 'application/json', ...headers },
        body: text,
      };
      return send({ ...parts, isBase64Encoded: options?.isBase64Encoded ?? false }, options);
    },
  };
}

/** The fields in `errors` of a problem response. */
export function fieldsOf({ body }: Answer): string[] {
  return (body.errors as { field: string }[]).map(({ field }) => field);
}

function mistakesOf(...event: Parameters<typeof findFirstMistake>): Error | undefined {
  const mistake = findFirstMistake(...event);
  return mistake && new Error(JSON.stringify(mistake));
}

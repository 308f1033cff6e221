import { Logger } from '@aws-lambda-powertools/logger';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { requireEnvironment } from '@airline/messaging/environment';
import { json, problem } from '@airline/messaging/http-response';
import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import { seatsOf, type Flight } from './domain.ts';
import { createDynamoDbSeatStore } from './dynamodb-seat-store.ts';
import type { SeatStore } from './seat-store.ts';

export type Api = (event: APIGatewayProxyEventV2) => Promise<APIGatewayProxyStructuredResultV2>;

const filters = ['flightNumber', 'origin', 'destination'] as const;

/** `GET /flights` and `GET /flights/{flightId}/seats`: what can be booked, and which of its seats are free. */
export function createApi({ store, now }: { store: SeatStore; now: () => Date }): Api {
  /** Flights still to depart, soonest first; `?flightNumber=`, `?origin=` and `?destination=` (IATA codes) narrow the list. */
  async function listFlights(query: Record<string, string | undefined>): Promise<APIGatewayProxyStructuredResultV2> {
    const unknown = Object.keys(query).filter((name) => !(filters as readonly string[]).includes(name));
    if (unknown.length > 0) {
      return problem(400, 'Unknown query parameter', `GET /flights takes ${filters.join(', ')}, not ${unknown.join(', ')}.`);
    }
    const flights = (await store.listFlights(now())).filter(
      (flight) =>
        matches(flight.flightNumber, query.flightNumber) &&
        matches(flight.origin.iata, query.origin) &&
        matches(flight.destination.iata, query.destination),
    );
    return json(200, { flights: flights.map((flight) => ({ ...flight, seatCount: seatsOf(flight).length })) });
  }

  /** Every seat of the flight with its cabin, fare and state; who holds it is nobody's business but its holder's. */
  async function seatMap(flightId: string): Promise<APIGatewayProxyStructuredResultV2> {
    const map = await store.seatMap(flightId);
    if (!map)
      return problem(404, 'Unknown flight', `No flight ${flightId} is scheduled. GET /flights lists the flights that are.`);
    const seats = seatsOf(map.flight).map((seat) => ({ ...seat, state: map.claimed.get(seat.seat) ?? ('free' as const) }));
    const counts = { free: 0, held: 0, sold: 0 };
    for (const { state } of seats) counts[state] += 1;
    return json(200, { flight: map.flight, counts, seats }, { 'cache-control': 'no-store' });
  }

  return async ({ routeKey, pathParameters = {}, queryStringParameters = {} }) => {
    if (routeKey === 'GET /flights') return listFlights(queryStringParameters);
    if (routeKey === 'GET /flights/{flightId}/seats') return seatMap(pathParameters.flightId ?? '');
    return problem(404, 'Not found', `The seats API has no route ${routeKey}.`);
  };
}

function matches(value: Flight['flightNumber'], wanted: string | undefined): boolean {
  return wanted === undefined || value === wanted.toUpperCase();
}

/** The deployed API. Built on the first request, so that importing this file (as tests do) needs no environment. */
let deployed: Api | undefined;
const logger = new Logger();

export const handler: Api = async (event) => {
  deployed ??= createApi({
    store: createDynamoDbSeatStore(DynamoDBDocumentClient.from(new DynamoDBClient()), requireEnvironment('SEATS_TABLE_NAME')),
    now: () => new Date(),
  });
  try {
    return await deployed(event);
  } catch (error) {
    logger.error('Request failed', { routeKey: event.routeKey, error: error as Error });
    return problem(500, 'Internal error', 'Something went wrong on our side. Try again in a moment.');
  }
};

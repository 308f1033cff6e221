import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { requireEnvironment } from '@airline/messaging/environment';
import { httpHandler } from '@airline/messaging/http-handler';
import { json, problem } from '@airline/messaging/http-response';
import { refuseUnknownParameters } from '@airline/messaging/query-parameters';
import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import { seatsOf, type Flight } from './domain.ts';
import { createDynamoDbSeatStore } from './dynamodb-seat-store.ts';
import type { SeatStore } from './seat-store.ts';

export type Api = (event: APIGatewayProxyEventV2) => Promise<APIGatewayProxyStructuredResultV2>;

type Response = APIGatewayProxyStructuredResultV2;

/** Query parameters that filter the flights, in upper or lower case. Their rules come from schemas/common.json. */
const filters: Record<'flightNumber' | 'origin' | 'destination', { pattern: RegExp; rule: string }> = {
  flightNumber: { pattern: /^[A-Z0-9]{2,3}[0-9]{1,4}[A-Z]?$/i, rule: 'must be a flight number, such as KL1001' },
  origin: { pattern: /^[A-Z]{3}$/i, rule: 'must be the IATA code of an airport, such as AMS' },
  destination: { pattern: /^[A-Z]{3}$/i, rule: 'must be the IATA code of an airport, such as ABZ' },
};
const flightIdPattern = /^[A-Z0-9]{2,3}[0-9]{1,4}[A-Z]?-[0-9]{8}$/;

/** Handles `GET /flights` and `GET /flights/{flightId}/seats`. */
export function createApi({ store, now }: { store: SeatStore; now: () => Date }): Api {
  /** Lists the flights that have not departed, soonest first, as far as they match the filters. */
  async function listFlights(query: Record<string, string | undefined>): Promise<Response> {
    const errors = Object.entries(filters)
      .filter(([name, { pattern }]) => query[name] !== undefined && !pattern.test(query[name]))
      .map(([field, { rule: message }]) => ({ field, message }));
    if (errors.length > 0) {
      return problem(
        400,
        'Malformed query parameter',
        errors.map(({ field, message }) => `${field} ${message}.`).join(' '),
        errors,
      );
    }
    const flights = (await store.listFlights(now())).filter(
      (flight) =>
        matches(flight.flightNumber, query.flightNumber) &&
        matches(flight.origin.iata, query.origin) &&
        matches(flight.destination.iata, query.destination),
    );
    return json(200, { flights: flights.map((flight) => ({ ...flight, seatCount: seatsOf(flight).length })) });
  }

  /** Lists every seat of the flight with its cabin, fare and state. Does not reveal who holds a seat. */
  async function seatMap(flightId: string): Promise<Response> {
    if (!flightIdPattern.test(flightId)) {
      const message = 'must be a flight number and its day of departure, such as KL1001-20261218';
      return problem(400, 'Malformed flight id', `A flight id ${message}.`, [{ field: 'flightId', message }]);
    }
    const map = await store.seatMap(flightId);
    if (!map)
      return problem(
        404,
        'Unknown flight',
        `Flight ${flightId} is not scheduled. GET /flights lists the scheduled flights.`,
      );
    const seats = seatsOf(map.flight).map((seat) => ({
      ...seat,
      state: map.claimed.get(seat.seat) ?? ('free' as const),
    }));
    const counts = { free: 0, held: 0, sold: 0 };
    for (const { state } of seats) counts[state] += 1;
    return json(200, { flight: map.flight, counts, seats }, { 'cache-control': 'no-store' });
  }

  return async (event) => {
    const { routeKey, pathParameters = {}, queryStringParameters = {} } = event;
    const refusal = refuseUnknownParameters(event, routeKey === 'GET /flights' ? Object.keys(filters) : []);
    if (refusal) return refusal;
    if (routeKey === 'GET /flights') return listFlights(queryStringParameters);
    if (routeKey === 'GET /flights/{flightId}/seats') return seatMap(pathParameters.flightId ?? '');
    return problem(404, 'Not found', `The seats API has no route ${routeKey}.`);
  };
}

function matches(value: Flight['flightNumber'], wanted: string | undefined): boolean {
  return wanted === undefined || value === wanted.toUpperCase();
}

export const handler = httpHandler(() =>
  createApi({
    store: createDynamoDbSeatStore(
      DynamoDBDocumentClient.from(new DynamoDBClient()),
      requireEnvironment('SEATS_TABLE_NAME'),
    ),
    now: () => new Date(),
  }),
);

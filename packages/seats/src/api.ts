import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { requireEnvironment } from '@airline/messaging/environment';
import { etagOf, matchesEtag } from '@airline/messaging/etag';
import { httpHandler } from '@airline/messaging/http-handler';
import { json, notModified, problem } from '@airline/messaging/http-response';
import { refuseUnknownParameters } from '@airline/messaging/query-parameters';
import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import { seatCount, seatsOf } from './domain.ts';
import { createDynamoDbSeatStore } from './dynamodb-seat-store.ts';
import { positionAfter } from './flight-list.ts';
import { flightsParameters, parametersOf, readFlightsRequest } from './flights-request.ts';
import type { SeatStore } from './seat-store.ts';

export type Api = (event: APIGatewayProxyEventV2) => Promise<APIGatewayProxyStructuredResultV2>;

type Response = APIGatewayProxyStructuredResultV2;

/** Flights change seldom, and a booking of one that has departed since is refused. */
const flightsCaching = 'public, max-age=30';
const flightIdPattern = /^[A-Z0-9]{2,3}[0-9]{1,4}[A-Z]?-[0-9]{8}$/;

/** Handles `GET /flights` and `GET /flights/{flightId}/seats`. */
export function createApi({ store, now }: { store: SeatStore; now: () => Date }): Api {
  /** Lists the flights that have not departed, soonest first, as far as they match the filters. */
  async function listFlights({ rawPath, queryStringParameters = {}, headers }: APIGatewayProxyEventV2) {
    const request = readFlightsRequest(queryStringParameters);
    if (Array.isArray(request)) {
      const detail = request.map(({ field, message }) => `${field} ${message}.`).join(' ');
      return problem(400, 'Malformed query parameter', detail, request);
    }
    const { filters, limit, after = '' } = request;
    const departed = positionAfter(now());
    const { flights, next } = await store.listFlights(filters, after > departed ? after : departed, limit);
    const { body, ...page } = json(200, {
      flights: flights.map((flight) => ({ ...flight, seatCount: seatCount(flight) })),
    });
    // RFC 8288
    const link = next === undefined ? '' : `<${rawPath}?${parametersOf(request, next).toString()}>; rel="next"`;
    const etag = etagOf(`${link}\n${body}`);
    const caching = { etag, 'cache-control': flightsCaching, ...(link && { link }) };
    const ifNoneMatch = headers['if-none-match'];
    if (ifNoneMatch !== undefined && matchesEtag(ifNoneMatch, etag)) return notModified(caching);
    return { ...page, headers: { ...page.headers, ...caching }, body: body! };
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
    const { routeKey, pathParameters = {} } = event;
    const refusal = refuseUnknownParameters(event, routeKey === 'GET /flights' ? flightsParameters : []);
    if (refusal) return refusal;
    if (routeKey === 'GET /flights') return listFlights(event);
    if (routeKey === 'GET /flights/{flightId}/seats') return seatMap(pathParameters.flightId ?? '');
    return problem(404, 'Not found', `The seats API has no route ${routeKey}.`);
  };
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

/** The APIs of all services, in memory, behind the local cloud's translation of requests and answers. */
import type { EventData } from '@airline/events-schemas/events';
import { toHttpEvent, toHttpResponse } from '@airline/local-cloud/http-api/http-payload';
import { matchRoute } from '@airline/local-cloud/http-api/http-route';
import { type HttpHandler, httpHandler } from '@airline/messaging/http-handler';
import { PublishError } from '@airline/messaging/publish';
import type { APIGatewayProxyEventV2, Context } from 'aws-lambda';
import { createApi as createBookingsApi } from '../../../packages/bookings/src/api.ts';
import type { Idempotency } from '../../../packages/bookings/src/idempotency.ts';
import { createInMemoryCancellationStore } from '../../../packages/bookings/src/in-memory-cancellation-store.ts';
import { createInMemoryFlightStore } from '../../../packages/bookings/src/in-memory-flight-store.ts';
import { createInMemoryIdempotency } from '../../../packages/bookings/src/in-memory-idempotency.ts';
import { createInMemoryOwnerStore } from '../../../packages/bookings/src/in-memory-owner-store.ts';
import { createApi as createSeatsApi } from '../../../packages/seats/src/api.ts';
import { createInMemorySeatStore } from '../../../packages/seats/src/in-memory-seat-store.ts';
import { createApi as createStatusApi } from '../../../packages/status/src/api.ts';
import type { Fact } from '../../../packages/status/src/domain.ts';
import { createInMemoryFactStore } from '../../../packages/status/src/in-memory-fact-store.ts';
import type { AskedRequest, GivenAnswer } from './documented-answers.ts';

export interface ServiceApis {
  /** @param claims of a token; without them, customers do not log in */
  ask(request: AskedRequest, claims?: Record<string, string>): Promise<GivenAnswer>;
  /** From now on no table and no bus answers, and each Idempotency-Key is in use. */
  break(part: 'tables' | 'bus' | 'keys'): void;
}

/** Starts the APIs. `now` stands still, and waiting takes no time. */
export async function startServiceApis(
  now: string,
  flights: EventData<'FlightScheduled'>[],
  facts: { bookingId: string; fact: Fact }[],
): Promise<ServiceApis> {
  const broken = { tables: false, bus: false, keys: false };
  /** A store that fails once the tables are broken. */
  const onTable = <T extends object>(store: T): T =>
    new Proxy(store, {
      get: (target, name, receiver) =>
        broken.tables ? () => Promise.reject(new Error('throttled')) : (Reflect.get(target, name, receiver) as unknown),
    });
  const clock = () => new Date(now);
  const logger = { info: () => undefined, error: () => undefined };

  const fares = createInMemoryFlightStore();
  const seats = createInMemorySeatStore();
  for (const flight of flights) {
    await fares.scheduleFlight(flight, now);
    await seats.scheduleFlight(flight, now);
  }
  const status = createInMemoryFactStore();
  for (const { bookingId, fact } of facts) await status.keep(bookingId, fact);

  const keys = createInMemoryIdempotency();
  const idempotency: Idempotency = {
    once: (call, work) => (broken.keys ? Promise.resolve({ kind: 'in-progress' }) : keys.once(call, work)),
  };
  const bookingsApi = createBookingsApi({
    flights: onTable(fares),
    idempotency,
    cancellations: createInMemoryCancellationStore(),
    owners: createInMemoryOwnerStore(),
    expiresAfterSeconds: 600,
    publish: (events) => Promise.resolve(events.map(() => (broken.bus ? new PublishError('down') : undefined))),
    now: clock,
    logger,
  });
  const seatsApi = createSeatsApi({ store: onTable(seats), now: clock });
  const statusApi = createStatusApi({ store: onTable(status), now: () => new Date(), sleep: () => Promise.resolve() });
  const apis: Record<string, HttpHandler> = {
    'POST /bookings': bookingsApi,
    'DELETE /bookings/{bookingId}': bookingsApi,
    'GET /bookings/{bookingId}': statusApi,
    'GET /flights': seatsApi,
    'GET /flights/{flightId}/seats': seatsApi,
  };
  const routes = Object.keys(apis).map((routeKey) => ({ routeKey, apiId: 'api', integrationId: routeKey }));

  return {
    break: (part) => void (broken[part] = true),
    async ask({ method, path, headers, body = '' }, claims) {
      const match = matchRoute(routes, method, path.split('?')[0]!);
      if (!match) throw new Error(`There is no route for ${method} ${path}.`);
      const { routeKey } = match.route;
      const authorizer = claims && { jwt: { claims, scopes: null } };
      const event = toHttpEvent(
        {
          method,
          url: path,
          rawHeaders: Object.entries(headers).flat(),
          httpVersion: '1.1',
          remoteAddress: '127.0.0.1',
          requestId: '1',
          now: clock(),
        },
        Buffer.from(body),
        { apiId: 'api', routeKey, pathParameters: match.pathParameters, ...(authorizer && { authorizer }) },
      );
      const handle = httpHandler(() => apis[routeKey]!, { logger });
      const context = { getRemainingTimeInMillis: () => 10_000 } as Context;
      const answer = toHttpResponse(await handle(event as unknown as APIGatewayProxyEventV2, context))!;
      return {
        status: answer.statusCode,
        headers: Object.fromEntries(Object.entries(answer.headers).map(([name, value]) => [name, String(value)])),
        body: answer.body.toString(),
      };
    },
  };
}

import { Logger } from '@aws-lambda-powertools/logger';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import type { AirlineEvent } from '@airline/events-schemas/events';
import { callerOf } from '@airline/messaging/caller';
import { requireEnvironment } from '@airline/messaging/environment';
import { type HttpHandler, httpHandler } from '@airline/messaging/http-handler';
import { type FieldError, json, problem } from '@airline/messaging/http-response';
import { metricsFromEnvironment } from '@airline/messaging/metrics';
import { publisherFromEnvironment, publishOrThrow, type Publish } from '@airline/messaging/publish';
import { refuseUnknownParameters } from '@airline/messaging/query-parameters';
import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2, Context } from 'aws-lambda';
import { assembleEvent, createAssignBooking, explain, RefusedError } from './assign-booking.ts';
import { createCancelBooking } from './cancel-booking.ts';
import type { CancellationStore } from './cancellation-store.ts';
import { type Assignment, type BookingRequest, findRefusals } from './domain.ts';
import { createDynamoDbCancellationStore } from './dynamodb-cancellation-store.ts';
import { createDynamoDbFlightStore } from './dynamodb-flight-store.ts';
import { createDynamoDbOwnerStore } from './dynamodb-owner-store.ts';
import type { FlightStore } from './flight-store.ts';
import type { Guarded, Idempotency } from './idempotency.ts';
import type { OwnerStore } from './owner-store.ts';
import { createPowertoolsIdempotency } from './powertools-idempotency.ts';
import { type Asked, describe, readBookingRequest } from './read-booking-request.ts';
import { readJsonBody } from './read-json-body.ts';
import { traceparentFrom } from './traceparent.ts';

type Response = APIGatewayProxyStructuredResultV2;

export interface Dependencies {
  flights: FlightStore;
  idempotency: Idempotency;
  cancellations: CancellationStore;
  owners: OwnerStore;
  publish: Publish;
  /** How long after a request was made its booking may still begin, in seconds. */
  expiresAfterSeconds: number;
  now: () => Date;
  logger: Pick<Logger, 'info' | 'error'>;
  /**
   * Told of each request when it gets its id, and of each first cancellation: what is repeated under the same Idempotency-Key is not
   * told again. @default nobody counts
   */
  onRecorded?: (event: AirlineEvent) => void;
}

/**
 * `POST /bookings`: prices a request and says that it was made. Its answer is "asked for", not "booked". Where
 * customers log in, it is asked for in the name of the one who is. For `DELETE` see cancel-booking.ts.
 */
export function createApi(dependencies: Dependencies): HttpHandler {
  const { flights, idempotency, publish, now, logger } = dependencies;
  const assign = createAssignBooking(dependencies);
  const cancel = createCancelBooking(dependencies);

  async function assignOnce(
    request: BookingRequest,
    { key, traceparent, isLoggedIn }: { key: string | undefined; traceparent: string; isLoggedIn: boolean },
    context: Context,
  ): Promise<Guarded<Assignment>> {
    const work = () => assign(request, traceparent, isLoggedIn);
    if (key === undefined) return { kind: 'done', result: await work() };
    // Each customer has keys of their own; those who are not logged in share theirs.
    const ownKey = isLoggedIn ? JSON.stringify([request.customerId, key]) : key;
    return idempotency.once({ key: ownKey, payload: JSON.stringify(request), context }, work);
  }

  /** What else is wrong with a malformed request, as far as it can be looked up: everything at once, not a mistake a try. */
  async function alsoRefused(asked: Asked | undefined, known: readonly FieldError[]): Promise<FieldError[]> {
    if (!asked) return [];
    const refusals = findRefusals(asked, await flights.findFlight(asked.flightId), now());
    const errors = refusals.map((refusal) => explain(refusal, asked));
    return errors.filter(({ field }) => !known.some((error) => error.field === field));
  }

  async function book(
    event: APIGatewayProxyEventV2,
    customerId: string | undefined,
    context: Context,
  ): Promise<Response> {
    const key = event.headers['idempotency-key'];
    if (key !== undefined && !/^[\x20-\x7e]{1,255}$/.test(key)) {
      const rule = 'must be 1 to 255 printable ASCII characters, such as a random UUID';
      const detail = `The header Idempotency-Key ${rule}; it is ${describe(key)}.`;
      return problem(400, 'Malformed Idempotency-Key', detail);
    }
    const body = readJsonBody(event);
    if (body.kind === 'refused') return body.answer;
    const reading = readBookingRequest(body.value);
    if (reading.kind === 'malformed') {
      const errors = [...reading.errors, ...(await alsoRefused(reading.asked, reading.errors))];
      return problem(400, 'Malformed booking request', `Nothing was booked. ${countOf(errors)}`, errors);
    }

    const claimed = reading.request.customerId;
    if (customerId !== undefined && claimed !== undefined && claimed !== customerId) {
      const message = 'must be your own, or left out: the token says who you are';
      return problem(403, 'Not your account', `Nothing was booked. customerId ${message}.`, [
        { field: '/customerId', message },
      ]);
    }
    const request = customerId === undefined ? reading.request : { ...reading.request, customerId };
    const traceparent = traceparentFrom(event.headers.traceparent);
    const guarded = await assignOnce(request, { key, traceparent, isLoggedIn: customerId !== undefined }, context);
    if (guarded.kind === 'key-reused') {
      const detail =
        'This Idempotency-Key came before with another body. Repeat that body, or take a new key for this one.';
      return problem(422, 'Idempotency-Key reused', detail);
    }
    if (guarded.kind === 'in-progress') {
      const detail = 'A request with this Idempotency-Key is being worked on. Repeat it in a moment to get its answer.';
      return retryAfter(1, problem(409, 'Request in progress', detail));
    }

    // Outside the guard: when this fails, or the function dies before it, the client's repetition publishes the same event.
    const assignment = guarded.result;
    const requested = assembleEvent(request, assignment);
    await publishOrThrow(publish, [requested]);
    const { eventId, correlationId } = requested.metadata;
    logger.info('booking requested', {
      detailType: requested.type,
      correlationId,
      eventId,
      flightId: request.flightId,
    });
    return accepted(request, assignment);
  }

  return async (event, context) => {
    const isCancellation = event.routeKey === 'DELETE /bookings/{bookingId}';
    const caller = callerOf(event);
    if (caller.kind === 'refused') return caller.answer;
    const refusal = refuseUnknownParameters(event, []);
    if (refusal) return refusal;
    try {
      return isCancellation ? await cancel(event, caller.customerId) : await book(event, caller.customerId, context);
    } catch (error) {
      if (error instanceof RefusedError) {
        return problem(422, 'Booking not possible', `Nothing was booked. ${countOf(error.errors)}`, error.errors);
      }
      // The table or the bus did not answer. Whether the event got out may be unknown, so nothing is claimed.
      // Of a request that failed before it got its id, the route is all that is known.
      const correlationId = event.pathParameters?.bookingId;
      logger.error('Request failed', {
        routeKey: event.routeKey,
        ...(correlationId && { correlationId }),
        error: error as Error,
      });
      const detail = isCancellation
        ? 'The cancellation could not be taken just now. Try again in a moment: cancelling twice is cancelling once.'
        : 'The booking could not be taken just now. Try again in a moment: with the same Idempotency-Key it is never booked twice.';
      return retryAfter(2, problem(503, 'Temporarily unavailable', detail));
    }
  };
}

function accepted({ flightId, seats }: BookingRequest, { bookingId, amount }: Assignment): Response {
  const self = `/bookings/${bookingId}`;
  const answer = { bookingId, flightId, seats, amount, status: 'REQUESTED', links: { self } };
  return json(202, answer, { location: self, 'cache-control': 'no-store' });
}

function countOf(errors: readonly FieldError[]): string {
  if (errors.length === 1) return 'One mistake was found; errors names its field.';
  return `${errors.length} mistakes were found; errors names their fields.`;
}

function retryAfter(seconds: number, response: Response): Response {
  return { ...response, headers: { ...response.headers, 'retry-after': String(seconds) } };
}

export const handler = httpHandler(createDeployedApi, { metrics: metricsFromEnvironment() });

function createDeployedApi(): HttpHandler {
  const client = new DynamoDBClient();
  const documents = DynamoDBDocumentClient.from(client);
  const tableName = requireEnvironment('BOOKINGS_TABLE_NAME');
  return createApi({
    flights: createDynamoDbFlightStore(documents, tableName),
    idempotency: createPowertoolsIdempotency(client, tableName),
    cancellations: createDynamoDbCancellationStore(documents, tableName),
    owners: createDynamoDbOwnerStore(documents, tableName),
    expiresAfterSeconds: Number(requireEnvironment('BOOKING_EXPIRES_AFTER_SECONDS')),
    publish: publisherFromEnvironment(),
    now: () => new Date(),
    logger: new Logger(),
    onRecorded: metricsFromEnvironment().onRecorded,
  });
}

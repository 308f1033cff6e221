import { Logger } from '@aws-lambda-powertools/logger';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { readBookingId } from '@airline/events-schemas/booking-id';
import type { AirlineEvent } from '@airline/events-schemas/events';
import { callerOf } from '@airline/messaging/caller';
import { requireEnvironment } from '@airline/messaging/environment';
import { type HttpHandler, httpHandler } from '@airline/messaging/http-handler';
import { type FieldError, json, problem } from '@airline/messaging/http-response';
import { metricsFromEnvironment } from '@airline/messaging/metrics';
import { publisherFromEnvironment, publishOrThrow, type Publish } from '@airline/messaging/publish';
import { refuseUnknownParameters } from '@airline/messaging/query-parameters';
import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2, Context } from 'aws-lambda';
import { assembleEvent, createAssignBooking, RefusedError, toFieldError } from './assign-booking.ts';
import { createCancelBooking } from './cancel-booking.ts';
import type { CancellationStore } from './cancellation-store.ts';
import { type Assignment, type BookingRequest, findRefusals } from './domain.ts';
import { createDynamoDbCancellationStore } from './dynamodb-cancellation-store.ts';
import { createDynamoDbFlightStore } from './dynamodb-flight-store.ts';
import { createDynamoDbOwnerStore } from './dynamodb-owner-store.ts';
import type { FlightStore } from './flight-store.ts';
import type { Idempotency, OnceResult } from './idempotency.ts';
import type { OwnerStore } from './owner-store.ts';
import { createPowertoolsIdempotency } from './powertools-idempotency.ts';
import { type FlightAndSeats, formatValue, readBookingRequest } from './read-booking-request.ts';
import { readJsonBody } from './read-json-body.ts';
import { traceparentFrom } from './traceparent.ts';

type Response = APIGatewayProxyStructuredResultV2;

export interface Dependencies {
  flights: FlightStore;
  idempotency: Idempotency;
  cancellations: CancellationStore;
  owners: OwnerStore;
  publish: Publish;
  /** How long a request is valid, in seconds: `expiresAt` = `requestedAt` + this. */
  expiresAfterSeconds: number;
  now: () => Date;
  logger: Pick<Logger, 'info' | 'error'>;
  /**
   * Called once for each request, when it gets its bookingId, and once for each cancelled booking. A retry with the
   * same Idempotency-Key does not call it. Counts metrics. @default not called
   */
  onRecorded?: (event: AirlineEvent) => void;
}

/**
 * Handles `POST /bookings`: prices a request and publishes `BookingRequested`. 202 means that the booking is requested,
 * not that it is confirmed. Where customers log in, the booking belongs to the customer of the token.
 * `DELETE /bookings/{bookingId}` is handled in cancel-booking.ts.
 */
export function createApi(dependencies: Dependencies): HttpHandler {
  const { flights, idempotency, publish, now, logger } = dependencies;
  const assign = createAssignBooking(dependencies);
  const cancel = createCancelBooking(dependencies);

  async function assignOnce(
    request: BookingRequest,
    { key, traceparent, isLoggedIn }: { key: string | undefined; traceparent: string; isLoggedIn: boolean },
    context: Context,
  ): Promise<OnceResult<Assignment>> {
    const work = () => assign(request, traceparent, isLoggedIn);
    if (key === undefined) return { kind: 'done', result: await work() };
    // Each customer has their own keys. Clients without a login share one set of keys.
    const ownKey = isLoggedIn ? JSON.stringify([request.customerId, key]) : key;
    return idempotency.once({ key: ownKey, payload: JSON.stringify(request), context }, work);
  }

  /** Checks a malformed request against the schedule too, so that the client gets all errors in one response. */
  async function findFurtherErrors(
    readable: FlightAndSeats | undefined,
    known: readonly FieldError[],
  ): Promise<FieldError[]> {
    if (!readable) return [];
    const refusals = findRefusals(readable, await flights.findFlight(readable.flightId), now());
    const errors = refusals.map((refusal) => toFieldError(refusal, readable));
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
      const detail = `The header Idempotency-Key ${rule}; it is ${formatValue(key)}.`;
      return problem(400, 'Malformed Idempotency-Key', detail);
    }
    const body = readJsonBody(event);
    if (body.kind === 'refused') return body.answer;
    const reading = readBookingRequest(body.value);
    if (reading.kind === 'malformed') {
      const errors = [...reading.errors, ...(await findFurtherErrors(reading.readable, reading.errors))];
      return problem(400, 'Malformed booking request', `Nothing was booked. ${countOf(errors)}`, errors);
    }

    const claimed = reading.request.customerId;
    if (customerId !== undefined && claimed !== undefined && claimed !== customerId) {
      const message = 'must be your own id or be left out: the token already identifies you';
      return problem(403, 'Not your account', `Nothing was booked. customerId ${message}.`, [
        { field: '/customerId', message },
      ]);
    }
    const request = customerId === undefined ? reading.request : { ...reading.request, customerId };
    const traceparent = traceparentFrom(event.headers.traceparent);
    const outcome = await assignOnce(request, { key, traceparent, isLoggedIn: customerId !== undefined }, context);
    if (outcome.kind === 'key-reused') {
      const detail =
        'This Idempotency-Key was used before with another body. Send that body again, or use a new key for this one.';
      return problem(422, 'Idempotency-Key reused', detail);
    }
    if (outcome.kind === 'in-progress') {
      const detail = 'A request with this Idempotency-Key is in progress. Repeat it in a moment to get its response.';
      return retryAfter(1, problem(409, 'Request in progress', detail));
    }

    // Outside `assignOnce`: if publishing fails, or the function crashes before it, a retry publishes the same event.
    const assignment = outcome.result;
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
      // The table or the bus failed. It may be unknown whether the event was published, so the response does not say.
      // A POST may have failed before it got a bookingId, so only a DELETE logs one.
      const correlationId = readBookingId(event.pathParameters?.bookingId ?? '');
      logger.error('Request failed', {
        routeKey: event.routeKey,
        ...(correlationId && { correlationId }),
        error: error as Error,
      });
      const detail = isCancellation
        ? 'The cancellation could not be processed. Try again in a moment: cancelling twice has the effect of cancelling once.'
        : 'The request could not be processed. Try again in a moment: with the same Idempotency-Key it is never booked twice.';
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
  if (errors.length === 1) return 'The request has one mistake; "errors" names its field.';
  return `The request has ${errors.length} mistakes; "errors" names their fields.`;
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

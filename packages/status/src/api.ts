import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { readBookingId } from '@airline/events-schemas/booking-id';
import { callerOf } from '@airline/messaging/caller';
import { requireEnvironment } from '@airline/messaging/environment';
import { etagOf, matchesEtag } from '@airline/messaging/etag';
import { httpHandler } from '@airline/messaging/http-handler';
import { json, notModified, problem } from '@airline/messaging/http-response';
import { refuseUnknownParameters } from '@airline/messaging/query-parameters';
import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2, Context } from 'aws-lambda';
import { setTimeout as pause } from 'node:timers/promises';
import { type BookingStatus, type Fact, foldStatus, isBookingOf } from './domain.ts';
import { createDynamoDbFactStore } from './dynamodb-fact-store.ts';
import type { FactStore } from './fact-store.ts';

export type Api = (
  event: APIGatewayProxyEventV2,
  context: Pick<Context, 'getRemainingTimeInMillis'>,
) => Promise<APIGatewayProxyStructuredResultV2>;

export interface ApiDependencies {
  store: FactStore;
  now: () => Date;
  sleep: (milliseconds: number) => Promise<unknown>;
}

const maximumWaitSeconds = 25;
/**
 * The longest wait while the booking is unknown. An accepted booking is known within a second. Anybody can ask for any
 * id, and a wait keeps one of the account's concurrent invocations busy.
 */
const maximumUnknownWaitMilliseconds = 2000;
/** The pause between two reads while waiting. Short at first, because a booking usually settles within a second. */
const firstPauseMilliseconds = 50;
const longestPauseMilliseconds = 250;
/** The part of the function's timeout that is kept free for the last read and the response. */
const reserveMilliseconds = 1000;

interface View {
  booking: BookingStatus;
  /** Undefined if the booking is unknown. */
  etag: string | undefined;
}

/**
 * Handles `GET /bookings/{bookingId}`. Where customers log in, each sees only their own bookings. With `?wait=SECONDS`,
 * responds when the booking has changed or is settled, or when the time is up. For an unknown booking that is after 2
 * seconds at most.
 */
export function createApi({ store, now, sleep }: ApiDependencies): Api {
  async function readBooking(bookingId: string, customerId: string | undefined): Promise<View> {
    const stored = await store.list(bookingId);
    // Another customer's booking is treated as unknown, so the response does not even reveal that it exists.
    const facts = customerId === undefined || isBookingOf(customerId, stored) ? stored : [];
    return { booking: foldStatus(facts), etag: facts.length > 0 ? etagOfFacts(facts) : undefined };
  }

  /** Reads until the booking is settled or differs from `ifNoneMatch`; without `ifNoneMatch`, from the first read. */
  async function waitForChange(
    { bookingId, customerId }: { bookingId: string; customerId: string | undefined },
    ifNoneMatch: string | undefined,
    waitMilliseconds: number,
  ): Promise<View> {
    const startedAt = now().getTime();
    const first = await readBooking(bookingId, customerId);
    let view = first;
    const isSettledOrChanged = ({ etag, booking }: View): boolean => {
      if (etag === undefined) return false;
      return booking.settled || (ifNoneMatch === undefined ? etag !== first.etag : !matchesEtag(ifNoneMatch, etag));
    };
    let milliseconds = firstPauseMilliseconds;
    while (!isSettledOrChanged(view)) {
      const longest = view.etag === undefined ? maximumUnknownWaitMilliseconds : waitMilliseconds;
      const remaining = startedAt + Math.min(longest, waitMilliseconds) - now().getTime();
      if (remaining <= 0) break;
      await sleep(Math.min(milliseconds, remaining));
      milliseconds = Math.min(milliseconds * 2, longestPauseMilliseconds);
      view = await readBooking(bookingId, customerId);
    }
    return view;
  }

  return async (event, context) => {
    const { pathParameters = {}, queryStringParameters = {}, headers } = event;
    const caller = callerOf(event);
    if (caller.kind === 'refused') return caller.answer;
    const refusal = refuseUnknownParameters(event, ['wait']);
    if (refusal) return refusal;
    const bookingId = readBookingId(pathParameters.bookingId ?? '');
    if (bookingId === undefined) {
      const detail = 'A booking id is a UUID of version 4, e.g. 7f8c2f0e-3b1a-4c7e-9d55-1f6a2b3c4d5e.';
      return problem(400, 'Malformed booking id', detail, [
        { field: 'bookingId', message: 'must be a UUID of version 4' },
      ]);
    }
    const waitSeconds = waitOf(queryStringParameters.wait);
    if (waitSeconds === undefined) {
      const message = `must be a whole number of seconds from 0 to ${maximumWaitSeconds}`;
      return problem(400, 'Malformed wait', `The query parameter wait ${message}.`, [{ field: 'wait', message }]);
    }

    const wait = Math.min(waitSeconds * 1000, context.getRemainingTimeInMillis() - reserveMilliseconds);
    const ifNoneMatch = headers['if-none-match'];
    const { booking, etag } = await waitForChange({ bookingId, customerId: caller.customerId }, ifNoneMatch, wait);
    if (etag === undefined) {
      const detail = `Booking ${bookingId} is unknown. If it was requested a moment ago, try again with ?wait=2.`;
      return problem(404, 'Unknown booking', detail);
    }
    // A client may cache the response, but must revalidate it before each use.
    const caching = { etag, 'cache-control': 'private, no-cache' };
    if (ifNoneMatch !== undefined && matchesEtag(ifNoneMatch, etag)) return notModified(caching);
    return json(200, { bookingId, ...booking }, caching);
  };
}

/** A stored fact never changes, so the set of facts determines the response. */
function etagOfFacts(facts: readonly Fact[]): string {
  const ids = facts.map(({ type, eventId }) => JSON.stringify([type, eventId])).sort();
  return etagOf(ids.join());
}

function waitOf(parameter: string | undefined): number | undefined {
  if (parameter === undefined) return 0;
  return /^\d{1,2}$/.test(parameter) && Number(parameter) <= maximumWaitSeconds ? Number(parameter) : undefined;
}

export const handler = httpHandler(() =>
  createApi({
    store: createDynamoDbFactStore(
      DynamoDBDocumentClient.from(new DynamoDBClient()),
      requireEnvironment('STATUS_TABLE_NAME'),
    ),
    now: () => new Date(),
    sleep: pause,
  }),
);

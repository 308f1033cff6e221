import { type AirlineEvent, newEvent } from '@airline/events-schemas/events';
import { readBookingId } from '@airline/events-schemas/booking-id';
import { json, problem } from '@airline/messaging/http-response';
import { publishOrThrow, type Publish } from '@airline/messaging/publish';
import type { Logger } from '@aws-lambda-powertools/logger';
import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import type { CancellationStore } from './cancellation-store.ts';
import type { OwnerStore } from './owner-store.ts';
import { traceparentFrom } from './traceparent.ts';

export interface Dependencies {
  cancellations: CancellationStore;
  owners: OwnerStore;
  publish: Publish;
  now: () => Date;
  logger: Pick<Logger, 'info'>;
  /** Called for the first cancellation of each booking. Counts metrics. @default not called */
  onRecorded?: (event: AirlineEvent) => void;
}

export type CancelBooking = (
  event: Pick<APIGatewayProxyEventV2, 'pathParameters' | 'headers'>,
  customerId: string | undefined,
) => Promise<APIGatewayProxyStructuredResultV2>;

/**
 * Handles `DELETE /bookings/{bookingId}`: publishes `BookingCancelled`. 202 means that the cancellation is requested,
 * not that it is complete. A logged-in customer can cancel only bookings that they requested here while logged in.
 * Without a login, any bookingId can be cancelled, because this service stores no bookings. The request of that booking
 * may still be on its way, or may not exist.
 *
 * The returned function throws if the table or the bus fails. A retry publishes the same event.
 */
export function createCancelBooking({
  cancellations,
  owners,
  publish,
  now,
  logger,
  onRecorded,
}: Dependencies): CancelBooking {
  return async ({ pathParameters, headers }, customerId) => {
    const id = readBookingId(pathParameters?.bookingId ?? '');
    if (id === undefined) {
      const detail = 'A booking id is a UUID of version 4, e.g. 7f8c2f0e-3b1a-4c7e-9d55-1f6a2b3c4d5e.';
      return problem(400, 'Malformed booking id', detail, [
        { field: 'bookingId', message: 'must be a UUID of version 4' },
      ]);
    }
    const requested = {
      bookingId: id,
      cancelledAt: now().toISOString(),
      traceparent: traceparentFrom(headers.traceparent),
    };
    // The response is the same for another customer's booking and for an unknown one.
    if (customerId !== undefined && (await owners.findOwner(requested.bookingId)) !== customerId) {
      return problem(
        404,
        'Unknown booking',
        `You did not request a booking ${requested.bookingId} here. Nothing was cancelled.`,
      );
    }

    const { bookingId, cancelledAt, traceparent } = await cancellations.keep(requested);
    const cancellation = newEvent(
      'BookingCancelled',
      { bookingId, cancelledAt },
      { occurredAt: cancelledAt, traceparent },
    );
    if (cancelledAt === requested.cancelledAt && traceparent === requested.traceparent) onRecorded?.(cancellation);
    await publishOrThrow(publish, [cancellation]);
    const { type: detailType, metadata } = cancellation;
    logger.info('booking cancelled', { detailType, correlationId: bookingId, eventId: metadata.eventId });
    const self = `/bookings/${bookingId}`;
    return json(202, { bookingId, cancelledAt, links: { self } }, { location: self, 'cache-control': 'no-store' });
  };
}

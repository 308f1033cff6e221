import { type AirlineEvent, newEvent } from '@airline/events-schemas/events';
import { findDataMistakes } from '@airline/events-schemas/parse-event';
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
  /** Told of the first cancellation of a booking. @default nobody counts */
  onRecorded?: (event: AirlineEvent) => void;
}

export type CancelBooking = (
  event: Pick<APIGatewayProxyEventV2, 'pathParameters' | 'headers'>,
  customerId: string | undefined,
) => Promise<APIGatewayProxyStructuredResultV2>;

/**
 * `DELETE /bookings/{bookingId}`: says that the booking is not wanted any more. The desk keeps no bookings, so without a customer
 * it says so of any id: of one whose request is still on its way, and of one that nobody ever asked for. A customer who is logged
 * in can cancel what they asked for here, and nothing else. The answer is "asked for", not "cancelled".
 * @throws Error when the table or the bus does not answer; a repetition says the same event
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
    const asked = {
      bookingId: pathParameters?.bookingId ?? '',
      cancelledAt: now().toISOString(),
      traceparent: traceparentFrom(headers.traceparent),
    };
    if (findDataMistakes('BookingCancelled', asked).length > 0) {
      const detail = 'A booking id is a UUID of version 4, e.g. 7f8c2f0e-3b1a-4c7e-9d55-1f6a2b3c4d5e.';
      return problem(400, 'Malformed booking id', detail, [
        { field: 'bookingId', message: 'must be a UUID of version 4' },
      ]);
    }
    // Whether somebody else has it, or nobody, is not told.
    if (customerId !== undefined && (await owners.findOwner(asked.bookingId)) !== customerId) {
      return problem(
        404,
        'Unknown booking',
        `You have no booking ${asked.bookingId} that was made here. Nothing was cancelled.`,
      );
    }

    const { bookingId, cancelledAt, traceparent } = await cancellations.keep(asked);
    const cancellation = newEvent(
      'BookingCancelled',
      { bookingId, cancelledAt },
      { occurredAt: cancelledAt, traceparent },
    );
    if (cancelledAt === asked.cancelledAt && traceparent === asked.traceparent) onRecorded?.(cancellation);
    await publishOrThrow(publish, [cancellation]);
    const { type: detailType, metadata } = cancellation;
    logger.info('booking cancelled', { detailType, correlationId: bookingId, eventId: metadata.eventId });
    const self = `/bookings/${bookingId}`;
    return json(202, { bookingId, cancelledAt, links: { self } }, { location: self, 'cache-control': 'no-store' });
  };
}

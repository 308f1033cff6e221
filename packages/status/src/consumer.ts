import { Logger } from '@aws-lambda-powertools/logger';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { slowTableCallMs, timed } from '@airline/messaging/calls';
import { consumerFromEnvironment } from '@airline/messaging/consume';
import { requireEnvironment } from '@airline/messaging/environment';
import { metricsFromEnvironment } from '@airline/messaging/metrics';
import { createBookingCounter } from './count-bookings.ts';
import { createDynamoDbFactStore } from './dynamodb-fact-store.ts';
import { createHandlers } from './handlers.ts';

const logger = new Logger();
const now = (): Date => new Date();
const store = timed(
  'table',
  createDynamoDbFactStore(DynamoDBDocumentClient.from(new DynamoDBClient()), requireEnvironment('STATUS_TABLE_NAME')),
  slowTableCallMs,
);
const countBooking = createBookingCounter({ store, metrics: metricsFromEnvironment(), now });

export const handler = consumerFromEnvironment(
  createHandlers({
    store,
    now,
    // The fact is already stored, so a failure to count it must not make SQS redeliver the message.
    onRecorded: (bookingId, fact, facts) =>
      countBooking(bookingId, fact, facts).catch((error: Error) => {
        const { type: detailType, eventId } = fact;
        logger.warn('A booking could not be counted', { detailType, correlationId: bookingId, eventId, error });
      }),
  }),
);

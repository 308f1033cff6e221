import { Logger } from '@aws-lambda-powertools/logger';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { slowTableCallMs, timed } from '@airline/messaging/calls';
import { consumerFromEnvironment } from '@airline/messaging/consume';
import { requireEnvironment } from '@airline/messaging/environment';
import { metricsFromEnvironment } from '@airline/messaging/metrics';
import { sendToSelfFromEnvironment } from '@airline/messaging/self-addressed';
import { createDynamoDbSeatStore } from './dynamodb-seat-store.ts';
import { createHandlers } from './handlers.ts';
import { bookingOf, createHoldTimer } from './hold-timer.ts';

const logger = new Logger();
const metrics = metricsFromEnvironment();
const now = (): Date => new Date();

const { HoldExpired, ...handlers } = createHandlers({
  store: timed(
    'table',
    createDynamoDbSeatStore(DynamoDBDocumentClient.from(new DynamoDBClient()), requireEnvironment('SEATS_TABLE_NAME')),
    slowTableCallMs,
  ),
  holdTimer: createHoldTimer({ sendToSelf: sendToSelfFromEnvironment(), now }),
  holdRules: {
    defaultSeconds: Number(requireEnvironment('HOLD_DEFAULT_SECONDS')),
    graceSeconds: Number(requireEnvironment('HOLD_GRACE_SECONDS')),
    maximumSeconds: Number(requireEnvironment('HOLD_MAXIMUM_SECONDS')),
  },
  now,
  onRecorded: metrics.onRecorded,
  reportImpossible: ({ type, metadata: { eventId, correlationId } }, { state }) => {
    metrics.count('ImpossibleFact');
    logger.error('Impossible fact', { detailType: type, eventId, correlationId, state });
  },
});

export const handler = consumerFromEnvironment(handlers, { HoldExpired: (message) => HoldExpired(bookingOf(message)) });

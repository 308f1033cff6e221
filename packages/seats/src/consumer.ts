import { Logger } from '@aws-lambda-powertools/logger';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { consumerFromEnvironment } from '@airline/messaging/consume';
import { requireEnvironment } from '@airline/messaging/environment';
import { createDynamoDbSeatStore } from './dynamodb-seat-store.ts';
import { createHandlers } from './handlers.ts';

const logger = new Logger();

export const handler = consumerFromEnvironment(
  createHandlers({
    store: createDynamoDbSeatStore(DynamoDBDocumentClient.from(new DynamoDBClient()), requireEnvironment('SEATS_TABLE_NAME')),
    now: () => new Date(),
    reportImpossible: ({ type, metadata }, { state }) =>
      logger.error('Impossible fact', { impossibleFact: type, eventId: metadata.eventId, correlationId: metadata.correlationId, state }),
  }),
);

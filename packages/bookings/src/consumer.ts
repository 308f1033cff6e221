import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { consumerFromEnvironment } from '@airline/messaging/consume';
import { requireEnvironment } from '@airline/messaging/environment';
import { createDynamoDbFlightStore } from './dynamodb-flight-store.ts';
import { createHandlers } from './handlers.ts';

const client = DynamoDBDocumentClient.from(new DynamoDBClient());

export const handler = consumerFromEnvironment(
  createHandlers({ flights: createDynamoDbFlightStore(client, requireEnvironment('BOOKINGS_TABLE_NAME')) }),
);

import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { consumerFromEnvironment } from '@airline/messaging/consume';
import { requireEnvironment } from '@airline/messaging/environment';
import { createDynamoDbFactStore } from './dynamodb-fact-store.ts';
import { createHandlers } from './handlers.ts';

export const handler = consumerFromEnvironment(
  createHandlers({
    store: createDynamoDbFactStore(DynamoDBDocumentClient.from(new DynamoDBClient()), requireEnvironment('STATUS_TABLE_NAME')),
    now: () => new Date(),
  }),
);

import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import { type DynamoDBDocumentClient, GetCommand, PutCommand } from '@aws-sdk/lib-dynamodb';
import type { CancellationStore } from './cancellation-store.ts';
import type { Cancellation } from './domain.ts';

/** Longer than a message can exist: 4 days in a queue, then 14 days in a dead-letter queue. */
const retentionSeconds = 30 * 24 * 3600;

/** One item for each cancelled booking (`CANCELLATION#id`, `FIRST`), written once. */
export function createDynamoDbCancellationStore(client: DynamoDBDocumentClient, tableName: string): CancellationStore {
  return {
    async keep(cancellation) {
      const key = { pk: `CANCELLATION#${cancellation.bookingId}`, sk: 'FIRST' };
      const expiresAtEpoch = Math.floor(Date.parse(cancellation.cancelledAt) / 1000) + retentionSeconds;
      const write = new PutCommand({
        TableName: tableName,
        Item: { ...key, cancellation, expiresAtEpoch },
        ConditionExpression: 'attribute_not_exists(pk)',
      });
      try {
        await client.send(write);
        return cancellation;
      } catch (error) {
        if (!(error instanceof ConditionalCheckFailedException)) throw error;
      }
      const { Item } = await client.send(new GetCommand({ TableName: tableName, Key: key, ConsistentRead: true }));
      // DynamoDB deleted the expired item between the two calls. A retry writes a new one.
      if (!Item) throw new Error(`The cancellation of ${cancellation.bookingId} expired while it was read. Try again.`);
      return Item.cancellation as Cancellation;
    },
  };
}

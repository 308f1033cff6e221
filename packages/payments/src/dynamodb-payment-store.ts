import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import { type DynamoDBDocumentClient, GetCommand, PutCommand } from '@aws-sdk/lib-dynamodb';
import type { PaymentRecord } from './domain.ts';
import type { PaymentStore } from './payment-store.ts';

const bookingKey = (bookingId: string): { pk: string; sk: string } => ({ pk: `BOOKING#${bookingId}`, sk: 'RECORD' });

/** Stores one item for each booking (`BOOKING#id`, `RECORD`). It holds no personal data and no card. */
export function createDynamoDbPaymentStore(client: DynamoDBDocumentClient, tableName: string): PaymentStore {
  return {
    async load(bookingId) {
      const get = new GetCommand({ TableName: tableName, Key: bookingKey(bookingId), ConsistentRead: true });
      const { Item } = await client.send(get);
      return Item && { record: Item.record as PaymentRecord, version: Item.version as number };
    },

    async save(bookingId, record, read) {
      const stored = { record, version: (read?.version ?? 0) + 1 };
      try {
        await client.send(
          new PutCommand({
            TableName: tableName,
            Item: { ...bookingKey(bookingId), ...stored },
            ...(read
              ? { ConditionExpression: 'version = :read', ExpressionAttributeValues: { ':read': read.version } }
              : { ConditionExpression: 'attribute_not_exists(pk)' }),
          }),
        );
        return stored;
      } catch (error) {
        if (error instanceof ConditionalCheckFailedException) return undefined;
        throw error;
      }
    },
  };
}

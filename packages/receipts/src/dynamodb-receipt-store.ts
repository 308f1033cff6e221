import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import { type DynamoDBDocumentClient, GetCommand, PutCommand } from '@aws-sdk/lib-dynamodb';
import type { ReceiptsRecord } from './domain.ts';
import type { ReceiptStore } from './receipt-store.ts';

const keyOf = (bookingId: string): { pk: string; sk: string } => ({ pk: `BOOKING#${bookingId}`, sk: 'RECORD' });

/** Stores one item for each booking (`BOOKING#id`, `RECORD`). The items of mail-guard.ts share its `pk`. */
export function createDynamoDbReceiptStore(client: DynamoDBDocumentClient, tableName: string): ReceiptStore {
  return {
    async load(bookingId) {
      const { Item } = await client.send(
        new GetCommand({ TableName: tableName, Key: keyOf(bookingId), ConsistentRead: true }),
      );
      return Item && { record: Item.record as ReceiptsRecord, version: Item.version as number };
    },

    async save(bookingId, record, read, expiresAtEpoch) {
      try {
        await client.send(
          new PutCommand({
            TableName: tableName,
            Item: { ...keyOf(bookingId), version: (read?.version ?? 0) + 1, record, expiresAtEpoch },
            ...(read
              ? { ConditionExpression: 'version = :read', ExpressionAttributeValues: { ':read': read.version } }
              : { ConditionExpression: 'attribute_not_exists(pk)' }),
          }),
        );
        return true;
      } catch (error) {
        if (error instanceof ConditionalCheckFailedException) return false;
        throw error;
      }
    },
  };
}

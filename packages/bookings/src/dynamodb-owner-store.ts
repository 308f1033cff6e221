import { type DynamoDBDocumentClient, GetCommand, PutCommand } from '@aws-sdk/lib-dynamodb';
import type { OwnerStore } from './owner-store.ts';

/** Counted from the departure, because a booking can be cancelled after it. */
const retentionSeconds = 90 * 24 * 3600;

const keyOf = (bookingId: string): { pk: string; sk: string } => ({ pk: `BOOKING#${bookingId}`, sk: 'OWNER' });

/** One item for each booking that a logged-in customer requested (`BOOKING#id`, `OWNER`). */
export function createDynamoDbOwnerStore(client: DynamoDBDocumentClient, tableName: string): OwnerStore {
  return {
    async keep({ bookingId, customerId, departureTime }) {
      const expiresAtEpoch = Math.floor(Date.parse(departureTime) / 1000) + retentionSeconds;
      await client.send(
        new PutCommand({ TableName: tableName, Item: { ...keyOf(bookingId), customerId, expiresAtEpoch } }),
      );
    },

    async findOwner(bookingId) {
      const read = new GetCommand({ TableName: tableName, Key: keyOf(bookingId), ConsistentRead: true });
      const { Item } = await client.send(read);
      return Item?.customerId as string | undefined;
    },
  };
}

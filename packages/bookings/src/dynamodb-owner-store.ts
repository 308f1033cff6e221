import { type DynamoDBDocumentClient, GetCommand, PutCommand } from '@aws-sdk/lib-dynamodb';
import type { OwnerStore } from './owner-store.ts';

/** After the departure: a booking can be cancelled then, too. */
const rememberedSeconds = 90 * 24 * 3600;

const keyOf = (bookingId: string): { pk: string; sk: string } => ({ pk: `BOOKING#${bookingId}`, sk: 'OWNER' });

/** One item for each booking that a customer who was logged in asked for (`BOOKING#id`, `OWNER`). */
export function createDynamoDbOwnerStore(client: DynamoDBDocumentClient, tableName: string): OwnerStore {
  return {
    async keep({ bookingId, customerId, departureTime }) {
      const expiresAtEpoch = Math.floor(Date.parse(departureTime) / 1000) + rememberedSeconds;
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

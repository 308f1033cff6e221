import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import { type DynamoDBDocumentClient, paginateQuery, PutCommand } from '@aws-sdk/lib-dynamodb';
import type { Fact } from './domain.ts';
import type { FactStore } from './fact-store.ts';
import { entryOf } from './unsettled-index.ts';

const partitionOf = (bookingId: string): string => `BOOKING#${bookingId}`;

/** Longer than a message can exist: 4 days in a queue, then 14 days in a dead-letter queue. */
const claimRetentionSeconds = 30 * 24 * 3600;

/**
 * One table with three kinds of items (pk, sk):
 * - a fact: `BOOKING#id`, its detail-type; written once and never changed
 * - the mark that the failure of a booking was counted: `COUNTED#id`, `FAILED`; likewise
 * - the booking's entry in the index of unsettled bookings: `BOOKING#id`, `INDEX`; written after each fact
 */
export function createDynamoDbFactStore(client: DynamoDBDocumentClient, tableName: string): FactStore {
  async function putFirst(Item: { pk: string; sk: string; [attribute: string]: unknown }): Promise<boolean> {
    try {
      await client.send(
        new PutCommand({ TableName: tableName, Item, ConditionExpression: 'attribute_not_exists(pk)' }),
      );
      return true;
    } catch (error) {
      if (error instanceof ConditionalCheckFailedException) return false;
      throw error;
    }
  }

  return {
    keep: (bookingId, fact) => putFirst({ pk: partitionOf(bookingId), sk: fact.type, fact }),

    claimFailure(bookingId) {
      const expiresAtEpoch = Math.floor(Date.now() / 1000) + claimRetentionSeconds;
      return putFirst({ pk: `COUNTED#${bookingId}`, sk: 'FAILED', expiresAtEpoch });
    },

    async list(bookingId) {
      const facts: Fact[] = [];
      const pages = paginateQuery(
        { client },
        {
          TableName: tableName,
          KeyConditionExpression: 'pk = :pk',
          ExpressionAttributeValues: { ':pk': partitionOf(bookingId) },
          ConsistentRead: true,
        },
      );
      for await (const { Items = [] } of pages)
        facts.push(...Items.flatMap(({ fact }) => (fact === undefined ? [] : [fact as Fact])));
      return facts;
    },

    async index(bookingId, facts, unsettled) {
      const Item = {
        pk: partitionOf(bookingId),
        sk: 'INDEX',
        facts,
        // Without these the item is not in the index.
        ...(unsettled && entryOf(bookingId, unsettled)),
      };
      try {
        await client.send(
          new PutCommand({
            TableName: tableName,
            Item,
            // Runs overlap, and one with fewer facts may come last. Facts are never deleted: their number is a version.
            ConditionExpression: 'attribute_not_exists(pk) OR facts < :facts',
            ExpressionAttributeValues: { ':facts': facts },
          }),
        );
      } catch (error) {
        if (!(error instanceof ConditionalCheckFailedException)) throw error;
      }
    },
  };
}

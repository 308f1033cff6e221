import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import { type DynamoDBDocumentClient, paginateQuery, PutCommand } from '@aws-sdk/lib-dynamodb';
import type { Fact } from './domain.ts';
import type { FactStore } from './fact-store.ts';

const partitionOf = (bookingId: string): string => `BOOKING#${bookingId}`;

/** One item for each fact (`BOOKING#id`, its detail-type), written once and never again. */
export function createDynamoDbFactStore(client: DynamoDBDocumentClient, tableName: string): FactStore {
  return {
    async keep(bookingId, fact) {
      try {
        await client.send(
          new PutCommand({
            TableName: tableName,
            Item: { pk: partitionOf(bookingId), sk: fact.type, fact },
            ConditionExpression: 'attribute_not_exists(pk)',
          }),
        );
        return true;
      } catch (error) {
        if (error instanceof ConditionalCheckFailedException) return false;
        throw error;
      }
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
      for await (const { Items = [] } of pages) facts.push(...Items.map(({ fact }) => fact as Fact));
      return facts;
    },
  };
}

import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import { type DynamoDBDocumentClient, GetCommand, PutCommand } from '@aws-sdk/lib-dynamodb';
import type { Flight } from './domain.ts';
import type { FlightStore } from './flight-store.ts';

type Key = { pk: string; sk: string };

const flightKey = (flightId: string): Key => ({ pk: `FLIGHT#${flightId}`, sk: 'FARES' });

/** One item for each flight (`FLIGHT#id`, `FARES`). */
export function createDynamoDbFlightStore(client: DynamoDBDocumentClient, tableName: string): FlightStore {
  return {
    async scheduleFlight(flight, version) {
      try {
        await client.send(
          new PutCommand({
            TableName: tableName,
            Item: { ...flightKey(flight.flightId), version, flight },
            ConditionExpression: 'attribute_not_exists(pk) OR version <= :version',
            ExpressionAttributeValues: { ':version': version },
          }),
        );
      } catch (error) {
        if (!(error instanceof ConditionalCheckFailedException)) throw error;
      }
    },

    async findFlight(flightId) {
      const read = new GetCommand({ TableName: tableName, Key: flightKey(flightId), ConsistentRead: true });
      const { Item } = await client.send(read);
      return Item?.flight as Flight | undefined;
    },
  };
}

import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import { type DynamoDBDocumentClient, GetCommand, PutCommand } from '@aws-sdk/lib-dynamodb';
import type { Flight } from './domain.ts';
import type { FlightStore } from './flight-store.ts';

type Key = { pk: string; sk: string };

const flightKey = (flightId: string): Key => ({ pk: `FLIGHT#${flightId}`, sk: 'FARES' });

/** One item for each flight (`FLIGHT#id`, `FARES`). */
export function createDynamoDbFlightStore(client: DynamoDBDocumentClient, tableName: string): FlightStore {
  return {
    async scheduleFlight(flight, occurredAt) {
      // Stored as a number: compared as text, 09:30:00Z would be later than 09:30:00.500Z.
      const milliseconds = Date.parse(occurredAt);
      try {
        await client.send(
          new PutCommand({
            TableName: tableName,
            Item: { ...flightKey(flight.flightId), saidAt: milliseconds, flight },
            ConditionExpression: 'attribute_not_exists(pk) OR saidAt <= :occurredAt',
            ExpressionAttributeValues: { ':occurredAt': milliseconds },
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

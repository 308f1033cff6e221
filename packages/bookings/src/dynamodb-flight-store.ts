import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import { type DynamoDBDocumentClient, GetCommand, PutCommand } from '@aws-sdk/lib-dynamodb';
import type { Flight } from './domain.ts';
import type { FlightStore } from './flight-store.ts';

type Key = { pk: string; sk: string };

const flightKey = (flightId: string): Key => ({ pk: `FLIGHT#${flightId}`, sk: 'FARES' });

/** One item a flight (`FLIGHT#id`, `FARES`). What idempotency keeps in the same table, see powertools-idempotency.ts. */
export function createDynamoDbFlightStore(client: DynamoDBDocumentClient, tableName: string): FlightStore {
  return {
    async scheduleFlight(flight, saidAt) {
      // Milliseconds, not the text: as texts 09:30:00Z is later than 09:30:00.500Z.
      const said = Date.parse(saidAt);
      try {
        await client.send(
          new PutCommand({
            TableName: tableName,
            Item: { ...flightKey(flight.flightId), saidAt: said, flight },
            ConditionExpression: 'attribute_not_exists(pk) OR saidAt <= :saidAt',
            ExpressionAttributeValues: { ':saidAt': said },
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

import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { createPowertoolsOnce, type PowertoolsOnce } from '@airline/messaging/powertools-once';

/** Lets one run at a time call the provider for a booking's charge, and one for its refund. */
export function createChargeGuard(client: DynamoDBClient, tableName: string): PowertoolsOnce {
  return createPowertoolsOnce({
    client,
    tableName,
    partitionOf: (bookingId, operation) => `ONCE#${bookingId}#${operation}`,
    sortKeyPrefix: 'once',
    // Longer than the five tries of a message take.
    lifetimeSeconds: 3600,
    // The other run is usually done within a second, and then this message need not be delivered again.
    pauses: [100, 200, 400, 800],
  });
}

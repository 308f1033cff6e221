import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { createPowertoolsOnce, type PowertoolsOnce } from '@airline/messaging/powertools-once';

/** How long a guard keeps the provider's final answer: longer than the five tries of a message take. */
export const guardLifetimeSeconds = 3600;

/** Lets one run at a time call the provider for a booking's charge, and one for its refund. */
export function createChargeGuard(client: DynamoDBClient, tableName: string): PowertoolsOnce {
  return createPowertoolsOnce({
    client,
    tableName,
    partitionOf: (bookingId, operation) => `ONCE#${bookingId}#${operation}`,
    sortKeyPrefix: 'once',
    lifetimeSeconds: guardLifetimeSeconds,
    // The other run is usually done within a second, and then this message need not be delivered again.
    pauses: [100, 200, 400, 800],
  });
}

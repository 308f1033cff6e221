import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { createPowertoolsOnce, type PowertoolsOnce } from '@airline/messaging/powertools-once';

/** The guard of mails: one run at a time sends a booking's receipt, or its refund notice. */
export function createMailGuard(client: DynamoDBClient, tableName: string): PowertoolsOnce {
  return createPowertoolsOnce({
    client,
    tableName,
    // The partition of the booking's record.
    partitionOf: (bookingId) => `BOOKING#${bookingId}`,
    sortKeyPrefix: 'ONCE',
    // Longer than a message can wait: 4 days in the queue, then 14 in the dead-letter queue, perhaps redriven late.
    lifetimeSeconds: 30 * 24 * 3600,
  });
}

import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { createPowertoolsOnce, type PowertoolsOnce } from '@airline/messaging/powertools-once';

/** Lets one run at a time send a booking's receipt, and one its refund notice. */
export function createMailGuard(client: DynamoDBClient, tableName: string): PowertoolsOnce {
  return createPowertoolsOnce({
    client,
    tableName,
    // The partition of the booking's record.
    partitionOf: (bookingId) => `BOOKING#${bookingId}`,
    sortKeyPrefix: 'ONCE',
    // Longer than a message can wait: 4 days in the queue, 14 days in the dead-letter queue, and a late redrive.
    lifetimeSeconds: 30 * 24 * 3600,
  });
}

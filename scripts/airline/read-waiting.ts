import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import type { IndexedBooking } from '../../packages/status/src/fact-store.ts';
import { listUnsettled } from '../../packages/status/src/unsettled-index.ts';
import type { Target } from './target.ts';

/** The unsettled bookings, oldest first, from the index of status. @param before only those that wait since earlier */
export async function readWaiting(target: Target, before?: Date): Promise<IndexedBooking[]> {
  await target.parameters();
  const client = new DynamoDBClient(target.clientConfig);
  try {
    const documents = DynamoDBDocumentClient.from(client);
    return await listUnsettled(documents, `${target.airline}-status`, before?.toISOString());
  } finally {
    client.destroy();
  }
}

import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { requireEnvironment } from '@airline/messaging/environment';
import { type BufferedMetrics, metricsFromEnvironment } from '@airline/messaging/metrics';
import { oldestUnsettled } from './unsettled-index.ts';

interface Dependencies {
  /** Since when the oldest unsettled booking waits (RFC 3339 UTC); undefined if there is none. */
  oldest: () => Promise<string | undefined>;
  metrics: Pick<BufferedMetrics, 'seconds' | 'flush'>;
  now: () => Date;
}

/** Publishes `OldestUnsettledSeconds`. While all bookings are settled it publishes nothing, which costs nothing. */
export function createWatch({ oldest, metrics, now }: Dependencies): () => Promise<void> {
  return async () => {
    const since = await oldest();
    if (since === undefined) return;
    metrics.seconds('OldestUnsettledSeconds', Math.max(0, (now().getTime() - Date.parse(since)) / 1000));
    metrics.flush();
  };
}

/** Runs by a schedule. */
export const handler = (): Promise<void> =>
  createWatch({
    oldest: () =>
      oldestUnsettled(DynamoDBDocumentClient.from(new DynamoDBClient()), requireEnvironment('STATUS_TABLE_NAME')),
    metrics: metricsFromEnvironment(),
    now: () => new Date(),
  })();

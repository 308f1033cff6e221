import { IdempotencyConfig, makeIdempotent } from '@aws-lambda-powertools/idempotency';
import { DynamoDBPersistenceLayer } from '@aws-lambda-powertools/idempotency/dynamodb';
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { Context } from 'aws-lambda';
import type { Once } from './once.ts';

/** Longer than a message can wait to be handled: 4 days in the queue, then 14 in the dead-letter queue, perhaps redriven late. */
const rememberedSeconds = 30 * 24 * 3600;

export interface PowertoolsOnce {
  once: Once;
  /** To be called with each invocation: what a crashed run left in progress ends with the time of its function. */
  registerLambdaContext: (context: Pick<Context, 'getRemainingTimeInMillis'>) => void;
}

/** Idempotency of Powertools on the service's own table. Results must be what JSON can say. */
export function createPowertoolsOnce(client: DynamoDBClient, tableName: string): PowertoolsOnce {
  const config = new IdempotencyConfig({ expiresAfterSeconds: rememberedSeconds });
  return {
    registerLambdaContext: (context) => config.registerLambdaContext(context as Context),

    async once<T>(bookingId: string, operation: string, work: () => Promise<T>): Promise<T> {
      // A layer for each booking: with a sort key, Powertools puts every item of a layer into one partition, which would be a
      // hot one. So the item stands beside the booking's record instead.
      const persistenceStore = new DynamoDBPersistenceLayer({
        awsSdkV3Client: client,
        tableName,
        keyAttr: 'pk',
        sortKeyAttr: 'sk',
        staticPkValue: `BOOKING#${bookingId}`,
        expiryAttr: 'expiresAtEpoch',
      });
      const guarded = makeIdempotent((_key: string) => work(), { persistenceStore, config, keyPrefix: 'ONCE' });
      return guarded(`${bookingId}#${operation}`);
    },
  };
}

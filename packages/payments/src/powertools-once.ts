import {
  IdempotencyAlreadyInProgressError,
  IdempotencyConfig,
  makeIdempotent,
} from '@aws-lambda-powertools/idempotency';
import { DynamoDBPersistenceLayer } from '@aws-lambda-powertools/idempotency/dynamodb';
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { Context } from 'aws-lambda';
import { AlreadyInProgressError, type Once } from './once.ts';

export interface PowertoolsOnceOptions {
  client: DynamoDBClient;
  /** The service's own table. */
  tableName: string;
  /** Pauses before looking again at work in progress, in milliseconds. @default 1.5 seconds in all */
  pauses?: readonly number[];
}

export interface PowertoolsOnce {
  once: Once;
  /** To be called with the context of every invocation: work in progress is given up when its function has timed out. */
  duringInvocation: (context: Context) => void;
}

/** How long a result is kept: longer than it takes a message to be tried five times. */
const lifetimeSeconds = 3600;

/**
 * The guard on DynamoDB, by Powertools: an item for each key (`ONCE#key`) in the service's own table. Each key has a partition
 * of its own, where Powertools by default would put all of them into one.
 */
export function createPowertoolsOnce(options: PowertoolsOnceOptions): PowertoolsOnce {
  const { client, tableName, pauses = [100, 200, 400, 800] } = options;
  const config = new IdempotencyConfig({ expiresAfterSeconds: lifetimeSeconds });

  async function attempt<T>(key: string, work: () => Promise<T>): Promise<T> {
    const persistenceStore = new DynamoDBPersistenceLayer({
      tableName,
      awsSdkV3Client: client,
      keyAttr: 'pk',
      sortKeyAttr: 'sk',
      staticPkValue: `ONCE#${key}`,
      expiryAttr: 'expiresAtEpoch',
    });
    const guarded = makeIdempotent((_key: string) => work(), { persistenceStore, config, keyPrefix: 'once' });
    return guarded(key);
  }

  return {
    async once(key, work) {
      // The other run is done within a second, mostly; a redelivery takes as long as the queue's visibility timeout.
      for (const pause of [...pauses, undefined]) {
        try {
          return await attempt(key, work);
        } catch (error) {
          if (!(error instanceof IdempotencyAlreadyInProgressError)) throw error;
          if (pause === undefined) throw new AlreadyInProgressError(`Another run is doing ${key}.`, { cause: error });
          await new Promise((resolve) => setTimeout(resolve, pause));
        }
      }
      throw new Error('unreachable');
    },

    duringInvocation: (context) => config.registerLambdaContext(context),
  };
}

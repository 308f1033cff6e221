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
  /** The service's own table: partition key `pk`, sort key `sk`, items expire by `expiresAtEpoch`. */
  tableName: string;
  /** The partition key of the item that remembers an operation. */
  partitionOf: (correlationId: string, operation: string) => string;
  /** The sort key is this prefix, `#`, and Powertools' hash of correlation id and operation. */
  sortKeyPrefix: string;
  /** How long a result is remembered. It must outlast every message that can still ask for the operation. */
  lifetimeSeconds: number;
  /** Pauses between attempts while another run does the work, in milliseconds. @default none: the call fails at once */
  pauses?: readonly number[];
}

export interface PowertoolsOnce {
  once: Once;
  /** Call it with the context of every invocation: the lock of a crashed run ends at its function's timeout. */
  registerLambdaContext: (context: Pick<Context, 'getRemainingTimeInMillis'>) => void;
}

/** The port on DynamoDB, by Powertools: one item for each operation, in the service's own table. */
export function createPowertoolsOnce(options: PowertoolsOnceOptions): PowertoolsOnce {
  const { client, tableName, partitionOf, sortKeyPrefix, lifetimeSeconds, pauses = [] } = options;
  const config = new IdempotencyConfig({ expiresAfterSeconds: lifetimeSeconds });

  async function attempt<T>(correlationId: string, operation: string, work: () => Promise<T>): Promise<T> {
    // With a sort key, Powertools puts all items of a persistence layer into one partition, which would become hot. So
    // each call has its own layer.
    const persistenceStore = new DynamoDBPersistenceLayer({
      tableName,
      awsSdkV3Client: client,
      keyAttr: 'pk',
      sortKeyAttr: 'sk',
      staticPkValue: partitionOf(correlationId, operation),
      expiryAttr: 'expiresAtEpoch',
    });
    const guarded = makeIdempotent((_key: string) => work(), { persistenceStore, config, keyPrefix: sortKeyPrefix });
    return guarded(`${correlationId}#${operation}`);
  }

  return {
    async once(correlationId, operation, work) {
      for (const pause of [...pauses, undefined]) {
        try {
          return await attempt(correlationId, operation, work);
        } catch (error) {
          if (!(error instanceof IdempotencyAlreadyInProgressError)) throw error;
          if (pause === undefined) throw new AlreadyInProgressError(correlationId, operation, { cause: error });
          await new Promise((resolve) => setTimeout(resolve, pause));
        }
      }
      throw new Error('unreachable');
    },

    registerLambdaContext: (context) => config.registerLambdaContext(context as Context),
  };
}

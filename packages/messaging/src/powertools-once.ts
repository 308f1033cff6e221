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
  let timeout = Infinity;

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
    // Lambda can freeze a run whose batch is answered and continue it later, when the lock may be another run's.
    const lockedUntil = timeout;
    let giveUp: (error: Error) => void;
    const givenUp = new Promise<never>((_, reject) => (giveUp = reject));
    const outlived = (cause?: unknown): Promise<never> => {
      giveUp(new Error(`The lock of ${operation} of ${correlationId} expired before its work was done.`, { cause }));
      // Powertools deletes the lock when the work throws, whoever has it. So for Powertools this work never ends.
      return new Promise(() => undefined);
    };
    const workInTime = async (): Promise<T> => {
      if (Date.now() >= lockedUntil) return outlived();
      try {
        return await work();
      } catch (error) {
        if (Date.now() >= lockedUntil) return outlived(error);
        throw error;
      }
    };
    const guarded = makeIdempotent((_key: string) => workInTime(), {
      persistenceStore,
      config,
      keyPrefix: sortKeyPrefix,
    });
    return Promise.race([guarded(`${correlationId}#${operation}`), givenUp]);
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

    registerLambdaContext(context) {
      timeout = Date.now() + context.getRemainingTimeInMillis();
      config.registerLambdaContext(context as Context);
    },
  };
}

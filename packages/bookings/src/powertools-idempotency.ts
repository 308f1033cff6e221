import {
  IdempotencyAlreadyInProgressError,
  IdempotencyConfig,
  IdempotencyItemNotFoundError,
  IdempotencyValidationError,
  makeIdempotent,
} from '@aws-lambda-powertools/idempotency';
import { DynamoDBPersistenceLayer } from '@aws-lambda-powertools/idempotency/dynamodb';
import type { AttributeValue, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { rememberedForSeconds, type GuardedCall, type Idempotency } from './idempotency.ts';

/** Keys of the table begin with it. */
const keyPrefix = 'IDEMPOTENCY';

/**
 * Powertools' idempotency in the service's own table: one item a key (`IDEMPOTENCY#<hash of the key>`, `ASSIGNMENT`). With
 * `sortKeyAttr` Powertools would put all of them under one partition key, and so under the write limit of one partition.
 */
class AssignmentRecords extends DynamoDBPersistenceLayer {
  protected override getKey(hashedKey: string): Record<string, AttributeValue> {
    return { pk: { S: hashedKey }, sk: { S: 'ASSIGNMENT' } };
  }
}

export function createPowertoolsIdempotency(client: DynamoDBClient, tableName: string): Idempotency {
  const persistenceStore = new AssignmentRecords({
    tableName,
    keyAttr: 'pk',
    expiryAttr: 'expiresAtEpoch',
    awsSdkV3Client: client,
  });

  return {
    async once<T extends object>({ key, payload, context }: GuardedCall, work: () => Promise<T>) {
      const config = new IdempotencyConfig({
        eventKeyJmesPath: 'key',
        // The hash of a payload alone could be guessed back to the passenger in it; with a random key it cannot.
        payloadValidationJmesPath: '[key, payload]',
        hashFunction: 'sha256',
        expiresAfterSeconds: rememberedForSeconds,
        lambdaContext: context,
      });
      const guarded = makeIdempotent((_: { key: string; payload: string }) => work(), {
        persistenceStore,
        config,
        keyPrefix,
      });
      try {
        return { kind: 'done', result: await guarded({ key, payload }) };
      } catch (error) {
        if (error instanceof IdempotencyValidationError) return { kind: 'key-reused' };
        if (error instanceof IdempotencyAlreadyInProgressError) return { kind: 'in-progress' };
        // The run that had the key gave it up between Powertools' write and its look at what was in the way.
        if (error instanceof IdempotencyItemNotFoundError) return { kind: 'in-progress' };
        throw error;
      }
    },
  };
}

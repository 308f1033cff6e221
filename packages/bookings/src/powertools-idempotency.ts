import {
  IdempotencyAlreadyInProgressError,
  IdempotencyConfig,
  IdempotencyItemNotFoundError,
  IdempotencyValidationError,
  makeIdempotent,
} from '@aws-lambda-powertools/idempotency';
import { DynamoDBPersistenceLayer } from '@aws-lambda-powertools/idempotency/dynamodb';
import type { AttributeValue, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { type Idempotency, keyRetentionSeconds, type OnceCall } from './idempotency.ts';

const keyPrefix = 'IDEMPOTENCY';

/**
 * One item for each key (`IDEMPOTENCY#<hash of the key>`, `ASSIGNMENT`). With the option `sortKeyAttr`, Powertools
 * would store all items under one partition key, and so limit all writes to the throughput of one partition.
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
    async once<T extends object>({ key, payload, context }: OnceCall, work: () => Promise<T>) {
      const config = new IdempotencyConfig({
        eventKeyJmesPath: 'key',
        // With only the payload, its hash could be used to guess the passenger. A random key prevents that.
        payloadValidationJmesPath: '[key, payload]',
        hashFunction: 'sha256',
        expiresAfterSeconds: keyRetentionSeconds,
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
        // The other run released the key between Powertools' failed write and its read of the existing item.
        if (error instanceof IdempotencyItemNotFoundError) return { kind: 'in-progress' };
        throw error;
      }
    },
  };
}

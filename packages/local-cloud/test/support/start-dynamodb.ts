import { CreateTableCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import dynalite from 'dynalite';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface DynamoDbForTests {
  client: DynamoDBClient;
  /**
   * Creates a table with the keys `pk` and `sk`, as in every service.
   * @param indexes their two key attributes, by name
   */
  createTable(name: string, indexes?: Record<string, [partitionKey: string, sortKey: string]>): Promise<void>;
  stop(): Promise<void>;
}

/** DynamoDB in memory on an ephemeral port, for the contract tests of the services' stores. */
export async function startDynamoDb(): Promise<DynamoDbForTests> {
  const server: Server = dynalite({ createTableMs: 0, deleteTableMs: 0, updateTableMs: 0 });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const client = new DynamoDBClient({
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    region: 'us-east-1',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
  });
  return {
    client,
    async createTable(name, indexes = {}) {
      const attributes = new Set(['pk', 'sk', ...Object.values(indexes).flat()]);
      const keySchema = ([hash, range]: [string, string]) => [
        { AttributeName: hash, KeyType: 'HASH' as const },
        { AttributeName: range, KeyType: 'RANGE' as const },
      ];
      await client.send(
        new CreateTableCommand({
          TableName: name,
          BillingMode: 'PAY_PER_REQUEST',
          AttributeDefinitions: [...attributes].map((attribute) => ({
            AttributeName: attribute,
            AttributeType: 'S' as const,
          })),
          KeySchema: keySchema(['pk', 'sk']),
          ...(Object.keys(indexes).length > 0 && {
            GlobalSecondaryIndexes: Object.entries(indexes).map(([index, keys]) => ({
              IndexName: index,
              KeySchema: keySchema(keys),
              Projection: { ProjectionType: 'ALL' as const },
            })),
          }),
        }),
      );
    },
    async stop() {
      client.destroy();
      server.closeAllConnections();
      await new Promise<void>((resolve, reject) => server.close((error) => (error ? reject(error) : resolve())));
    },
  };
}

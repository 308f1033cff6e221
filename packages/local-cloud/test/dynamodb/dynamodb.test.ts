import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { DynamoDBClient, ListTablesCommand } from '@aws-sdk/client-dynamodb';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import { connect } from 'node:net';
import type { AddressInfo } from 'node:net';
import { createDynamoDb } from '../../src/dynamodb/dynamodb.ts';

let server: Server;
let port: number;
let client: DynamoDBClient;

beforeAll(async () => {
  const dynamodb = createDynamoDb();
  await dynamodb.createTable({
    TableName: 'notes',
    BillingMode: 'PAY_PER_REQUEST',
    AttributeDefinitions: [{ AttributeName: 'pk', AttributeType: 'S' }],
    KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }],
  });
  server = createServer((request, response) => void dynamodb.handle(request, response)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  ({ port } = server.address() as AddressInfo);
  client = new DynamoDBClient({
    endpoint: `http://127.0.0.1:${port}`,
    region: 'us-east-1',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
    maxAttempts: 1,
  });
});

afterAll(async () => {
  client.destroy();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

const headers = (action: string) => ({
  'content-type': 'application/x-amz-json-1.0',
  'x-amz-target': `DynamoDB_20120810.${action}`,
  'x-amz-date': '19700101T000000Z',
  authorization: 'AWS4-HMAC-SHA256 Credential=local, SignedHeaders=host, Signature=local',
});

const works = async () => expect((await client.send(new ListTablesCommand({}))).TableNames).toEqual(['notes']);

describe('a request that dynalite cannot read', () => {
  const actions = ['GetItem', 'PutItem', 'Query', 'Scan', 'BatchGetItem', 'UpdateItem', 'DeleteItem', 'DescribeTable'];
  const bodies = ['', 'null', '[]', '5', '"x"', '{', '{"TableName":5}', '{"TableName":"notes","Key":[]}'].concat(
    '{"TableName":"notes","Item":null,"Key":{"pk":null}}',
    '{"TableName":"notes","Key":{"pk":5},"Item":{"pk":{"S":null}}}',
    '{"TableName":"notes","RequestItems":{"notes":null},"ExpressionAttributeValues":{":a":null}}',
    `{"TableName":"notes","Key":${'{"M":'.repeat(3000)}1${'}'.repeat(3000)}}`,
  );
  test.each(actions)('%s is answered, and the next request too', async (action) => {
    for (const body of bodies) {
      const answer = await fetch(`http://127.0.0.1:${port}/`, { method: 'POST', headers: headers(action), body });
      expect([body, answer.status]).not.toEqual([body, 500]);
      expect(await answer.json()).toBeDefined();
    }
    await works();
  });

  test('says what is wrong', async () => {
    const request = { method: 'POST', headers: headers('GetItem'), body: 'null' };
    const answer = await fetch(`http://127.0.0.1:${port}/`, request);
    expect([answer.status, await answer.json()]).toEqual([
      400,
      {
        __type: 'com.amazon.coral.service#SerializationException',
        message: expect.stringContaining('must be a JSON object'),
      },
    ]);
  });
});

test('a client that disconnects during its request does no harm', async () => {
  const socket = connect(port, '127.0.0.1');
  await once(socket, 'connect');
  socket.write('POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\n{');
  socket.destroy();
  await once(socket, 'close');
  await works();
});

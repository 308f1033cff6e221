import type { IncomingMessage, ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { setImmediate } from 'node:timers/promises';
import dynalite from 'dynalite';

export interface DynamoDb {
  handle: (request: IncomingMessage, response: ServerResponse) => void;
  /** Resolves when the table is active. @throws Error with DynamoDB's message */
  createTable: (input: Record<string, unknown>) => Promise<void>;
}

/** DynamoDB in memory: dynalite's request handler, without its HTTP server. */
export function createDynamoDb(): DynamoDb {
  const server = dynalite({ createTableMs: 0, deleteTableMs: 0, updateTableMs: 0 });

  const handle = (request: IncomingMessage, response: ServerResponse): void => {
    server.emit('request', request, response);
    // dynalite throws when a client disconnects during its request. That would end this process.
    request.removeAllListeners('error').on('error', () => response.destroy());
  };

  const call = (action: string, input: unknown): Promise<unknown> =>
    new Promise((resolve, reject) => {
      const headers = {
        'content-type': 'application/x-amz-json-1.0',
        'x-amz-target': `DynamoDB_20120810.${action}`,
        'x-amz-date': '19700101T000000Z',
        authorization: 'AWS4-HMAC-SHA256 Credential=local, SignedHeaders=host, Signature=local',
      };
      const request = Object.assign(Readable.from([Buffer.from(JSON.stringify(input))]), {
        method: 'POST',
        url: '/',
        headers,
      });
      const response = {
        statusCode: 200,
        setHeader: () => undefined,
        end: (body: string) => {
          const answer = JSON.parse(body) as { message?: string; Message?: string };
          if (response.statusCode === 200) resolve(answer);
          else reject(new Error(answer.message ?? answer.Message ?? body));
        },
      };
      server.emit('request', request, response);
    });

  const isActive = async (name: unknown): Promise<boolean> => {
    const { Table: table } = (await call('DescribeTable', { TableName: name })) as { Table: TableDescription };
    return (
      table.TableStatus === 'ACTIVE' &&
      (table.GlobalSecondaryIndexes ?? []).every(({ IndexStatus }) => IndexStatus === 'ACTIVE')
    );
  };

  return {
    handle,
    createTable: async (input) => {
      await call('CreateTable', input);
      while (!(await isActive(input.TableName))) await setImmediate();
    },
  };
}

interface TableDescription {
  TableStatus: string;
  GlobalSecondaryIndexes?: { IndexStatus: string }[];
}

import { EventEmitter } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { setImmediate } from 'node:timers/promises';
import dynalite from 'dynalite';

export interface DynamoDb {
  handle: (request: IncomingMessage, response: ServerResponse) => Promise<void>;
  /** Resolves when the table is active. @throws Error with DynamoDB's message */
  createTable: (input: Record<string, unknown>) => Promise<void>;
}

/** DynamoDB in memory: dynalite's request handler, without its HTTP server. */
export function createDynamoDb(): DynamoDb {
  const server = dynalite({ createTableMs: 0, deleteTableMs: 0, updateTableMs: 0 });

  /**
   * dynalite reads a request from its events, and throws inside its listeners: for a body that is JSON but no object,
   * say, or when a client disconnects. An error in a stream's listener would end this process. So dynalite gets the
   * whole body from an emitter of ours, whose `emit` throws to this caller.
   */
  const pass = (request: Pick<IncomingMessage, 'method' | 'url' | 'headers'>, body: Buffer, response: object): void => {
    const { method, url, headers } = request;
    const whole = Object.assign(new EventEmitter(), { method, url, headers });
    server.emit('request', whole, response);
    if (body.length > 0) whole.emit('data', body);
    whole.emit('end');
  };

  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const chunks: Buffer[] = [];
    try {
      for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
    } catch {
      // The client disconnected: nobody waits for a response.
      return void response.destroy();
    }
    try {
      pass(request, Buffer.concat(chunks), response);
    } catch {
      if (response.headersSent) return void response.destroy();
      response.writeHead(400, { 'content-type': 'application/x-amz-json-1.0' });
      const message =
        'The local cloud cannot read this request: its body must be a JSON object with members of the types in the API reference.';
      response.end(JSON.stringify({ __type: 'com.amazon.coral.service#SerializationException', message }));
    }
  };

  const call = (action: string, input: unknown): Promise<unknown> =>
    new Promise((resolve, reject) => {
      const headers = {
        'content-type': 'application/x-amz-json-1.0',
        'x-amz-target': `DynamoDB_20120810.${action}`,
        'x-amz-date': '19700101T000000Z',
        authorization: 'AWS4-HMAC-SHA256 Credential=local, SignedHeaders=host, Signature=local',
      };
      const response = {
        statusCode: 200,
        setHeader: () => undefined,
        end: (body: string) => {
          const answer = JSON.parse(body) as { message?: string; Message?: string };
          if (response.statusCode === 200) resolve(answer);
          else reject(new Error(answer.message ?? answer.Message ?? body));
        },
      };
      pass({ method: 'POST', url: '/', headers }, Buffer.from(JSON.stringify(input)), response);
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

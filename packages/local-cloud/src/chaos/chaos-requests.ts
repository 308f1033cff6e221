import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Chaos } from './chaos.ts';
import type { Family } from './chaos-profiles.ts';

/** Stands around the handling of each request. */
export type AroundRequest = (
  request: IncomingMessage,
  response: ServerResponse,
  handle: () => Promise<void>,
) => Promise<void>;

interface Asked {
  family: Family;
  party: string;
  operation: string;
}

const SERVICES: Record<string, string> = {
  DynamoDB_20120810: 'DynamoDB',
  AWSEvents: 'EventBridge',
  AmazonSQS: 'SQS',
  AmazonSSM: 'SSM',
};
const PROVIDER = 'payment provider';
/** Longer than its client waits for an attempt. */
const SLOW_MS = 6000;

/**
 * Requests to the endpoint that are refused, or that have their effect and are answered with an error or not at all. Faults meet
 * the functions, and everybody who publishes; an operator's other commands are spared.
 * @param isFunction whether an access key is a function's: each signs with its own name
 */
export function answerUnreliably(chaos: Chaos, isFunction: (accessKey: string) => boolean): AroundRequest {
  return async (request, response, handle) => {
    const asked = chaos.enabled ? describeRequest(request, isFunction) : undefined;
    const fault = asked && chaos.decide(asked.family, asked.party, asked.operation);
    if (!asked || !fault) return handle();
    switch (fault.kind) {
      case 'failed-after':
        insteadOfAnswer(response, () => answerError(response, asked, 500));
        return handle();
      case 'reply-lost':
        insteadOfAnswer(response, () => response.destroy());
        return handle();
      case 'hangs':
        request.resume();
        await once(response, 'close');
        return;
      default:
        request.resume();
        answerError(response, asked, fault.kind === 'throttled' ? 429 : 500);
    }
  };
}

/** Requests that the payment provider executes after its client gave them up. */
export function executeLate(chaos: Chaos): (request: { method: string; path: string }) => Promise<void> {
  return async ({ method, path }) => {
    const fault = chaos.decide('provider-execution', PROVIDER, `${operationAt(method, path)} execution`);
    // Without a reference: what is late must not keep a stopping process waiting.
    if (fault) await sleep(SLOW_MS, undefined, { ref: false });
  };
}

function describeRequest(request: IncomingMessage, isFunction: (accessKey: string) => boolean): Asked | undefined {
  const { method = 'GET', url = '/', headers } = request;
  const path = url.split('?', 1)[0]!;
  if (path.startsWith('/v1/'))
    return { family: 'provider-request', party: PROVIDER, operation: operationAt(method, path) };
  const [, accessKey = ''] = /Credential=([^/]+)\//.exec(headers.authorization ?? '') ?? [];
  const caller = isFunction(accessKey) ? accessKey : undefined;
  if (path.startsWith('/v2/email/')) {
    return caller === undefined ? undefined : { family: 'mail-request', party: caller, operation: 'SES SendEmail' };
  }
  const [service = '', action = ''] = String(headers['x-amz-target'] ?? '').split('.');
  const name = SERVICES[service];
  if (name === undefined || (caller === undefined && action !== 'PutEvents')) return undefined;
  return { family: 'aws-request', party: caller ?? 'outside', operation: `${name} ${action}` };
}

// Every id alike, so that one operation is one site.
function operationAt(method: string, path: string): string {
  return `Stripe ${method} ${path.replace(/^\/v1\//, '').replace(/\/[^/]+_[^/]+/g, '/*')}`;
}

/** Lets a request be handled to its end, and does something else where its answer would leave. */
function insteadOfAnswer(response: ServerResponse, act: () => void): void {
  const end = (): ServerResponse => {
    for (const name of ['writeHead', 'write', 'end']) Reflect.deleteProperty(response, name);
    if (!response.destroyed) act();
    return response;
  };
  Object.assign(response, { writeHead: () => response, write: () => true, end });
}

function answerError(response: ServerResponse, { family, operation }: Asked, status: 429 | 500): void {
  for (const name of response.getHeaderNames()) response.removeHeader(name);
  const message = 'Chaos: the request failed.';
  if (family === 'provider-request') {
    response.writeHead(status, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ error: { type: 'api_error', message } }));
    return;
  }
  const code = status === 500 ? 'InternalServerError' : throttlingCode(operation);
  // The JSON protocols throttle with a 400; their clients go by the name.
  const statusCode = status === 429 && family !== 'mail-request' ? 400 : status;
  response.writeHead(statusCode, { 'content-type': 'application/json', 'x-amzn-errortype': code });
  response.end(JSON.stringify({ __type: code, message }));
}

function throttlingCode(operation: string): string {
  if (operation.startsWith('DynamoDB')) return 'ProvisionedThroughputExceededException';
  return operation.startsWith('SES') ? 'TooManyRequestsException' : 'ThrottlingException';
}

import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { ApiError } from '../payment-provider/api-error.ts';
import type { AroundExecution } from '../payment-provider/payment-provider.ts';
import type { Chaos } from './chaos.ts';
import type { Family } from './chaos-profiles.ts';

/** Wraps the handling of each request. */
export type RequestMiddleware = (
  request: IncomingMessage,
  response: ServerResponse,
  handle: () => Promise<void>,
) => Promise<void>;

/** The site of a fault decision: see `Chaos.decide`. */
interface RequestSite {
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
/** Longer than the timeout of the payment provider's client. */
const SLOW_MS = 6000;

/**
 * Some requests to the endpoint fail without effect; some have their effect, and the response is an error or is
 * missing. Requests of functions, requests to the payment provider, and all PutEvents requests get faults. An
 * operator's other requests get none.
 * @param isFunction whether an access key belongs to a function: each function signs with its own name as access key
 */
export function injectRequestFaults(chaos: Chaos, isFunction: (accessKey: string) => boolean): RequestMiddleware {
  return async (request, response, handle) => {
    const site = chaos.enabled ? siteOf(request, isFunction) : undefined;
    const fault = site && chaos.decide(site.family, site.party, site.operation);
    if (!site || !fault) return handle();
    switch (fault.kind) {
      case 'failed-after':
        replaceResponse(response, () => sendError(response, site, 500));
        return handle();
      case 'reply-lost':
        replaceResponse(response, () => response.destroy());
        return handle();
      case 'hangs':
        request.resume();
        await once(response, 'close');
        return;
      default:
        request.resume();
        sendError(response, site, fault.kind === 'throttled' ? 429 : 500);
    }
  };
}

/**
 * Some requests are delayed so that the payment provider executes them after its client timed out. Some have a 500 as
 * response, which the provider stores under their idempotency key, with or without their effect.
 */
export function injectExecutionFaults(chaos: Chaos): AroundExecution {
  return async ({ method, path }, execute) => {
    const fault = chaos.decide('provider-execution', PROVIDER, `${operationAt(method, path)} execution`);
    // Without `ref` a delayed request does not keep a stopping process alive.
    if (fault?.kind === 'slow') await sleep(SLOW_MS, undefined, { ref: false });
    if (fault?.kind === 'error-kept') throw keptError();
    if (fault?.kind !== 'error-kept-after') return execute();
    try {
      execute();
    } finally {
      // Also in place of a declined card: the attempt is stored, and its response is lost.
      throw keptError();
    }
  };
}

function keptError(): ApiError {
  return new ApiError(500, { type: 'api_error', message: 'Chaos: the request failed, and its key repeats this.' });
}

function siteOf(request: IncomingMessage, isFunction: (accessKey: string) => boolean): RequestSite | undefined {
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

// Ids become `*`, so that all requests of one operation are one site.
function operationAt(method: string, path: string): string {
  return `Stripe ${method} ${path.replace(/^\/v1\//, '').replace(/\/[^/]+_[^/]+/g, '/*')}`;
}

/** Discards the response of the handler and calls `act` in its place. */
function replaceResponse(response: ServerResponse, act: () => void): void {
  const end = (): ServerResponse => {
    for (const name of ['writeHead', 'write', 'end']) Reflect.deleteProperty(response, name);
    if (!response.destroyed) act();
    return response;
  };
  Object.assign(response, { writeHead: () => response, write: () => true, end });
}

function sendError(response: ServerResponse, { family, operation }: RequestSite, status: 429 | 500): void {
  for (const name of response.getHeaderNames()) response.removeHeader(name);
  const message = 'Chaos: the request failed.';
  if (family === 'provider-request') {
    response.writeHead(status, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ error: { type: 'api_error', message } }));
    return;
  }
  const code = status === 500 ? 'InternalServerError' : throttlingCode(operation);
  // The JSON protocols use status 400 for throttling; clients read the error's name.
  const statusCode = status === 429 && family !== 'mail-request' ? 400 : status;
  response.writeHead(statusCode, { 'content-type': 'application/json', 'x-amzn-errortype': code });
  response.end(JSON.stringify({ __type: code, message }));
}

function throttlingCode(operation: string): string {
  if (operation.startsWith('DynamoDB')) return 'ProvisionedThroughputExceededException';
  return operation.startsWith('SES') ? 'TooManyRequestsException' : 'ThrottlingException';
}

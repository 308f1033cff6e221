import { createHash } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { ApiError, invalidRequest } from './api-error.ts';
import { listCharges, retrieveCharge } from './charges.ts';
import { canonicalForm, decodeForm } from './form.ts';
import { IdempotencyKeys } from './idempotency-keys.ts';
import type { Answer, KeyedAnswer } from './idempotency-keys.ts';
import { Ledger } from './ledger.ts';
import { newRequestId } from './objects.ts';
import type { Api, Operation } from './operation.ts';
import {
  cancelPaymentIntent,
  confirmPaymentIntent,
  createPaymentIntent,
  listPaymentIntents,
  retrievePaymentIntent,
} from './payment-intents.ts';
import { createRefund, listRefunds, retrieveRefund } from './refunds.ts';
import { RequestParameters } from './request-parameters.ts';

export interface PaymentProviderOptions {
  now?: () => Date;
  /** Executes a valid request in place of calling `execute`. During it, the request's idempotency key is in use. */
  aroundExecution?: AroundExecution;
}

/**
 * May wait before it calls `execute`, and may throw before or after it. An error that it throws is the response, and is
 * stored under the request's idempotency key like any response.
 */
export type AroundExecution = (
  request: { method: string; path: string },
  execute: () => object,
) => Promise<object> | object;

export interface PaymentProvider {
  handle: (request: IncomingMessage, response: ServerResponse) => void;
}

const API_VERSION = '2026-10-28.endive';

/** `*` stands for the id. */
const ROUTES = new Map<string, Operation>([
  ['POST /v1/payment_intents', createPaymentIntent],
  ['GET /v1/payment_intents', listPaymentIntents],
  ['GET /v1/payment_intents/*', retrievePaymentIntent],
  ['POST /v1/payment_intents/*/confirm', confirmPaymentIntent],
  ['POST /v1/payment_intents/*/cancel', cancelPaymentIntent],
  ['GET /v1/charges', listCharges],
  ['GET /v1/charges/*', retrieveCharge],
  ['POST /v1/refunds', createRefund],
  ['GET /v1/refunds', listRefunds],
  ['GET /v1/refunds/*', retrieveRefund],
]);

/**
 * Plays the part of Stripe's API that charges and refunds, for Stripe's SDK as client. It stores its state in memory
 * and accepts any API key.
 */
export function createPaymentProvider(options: PaymentProviderOptions = {}): PaymentProvider {
  const now = options.now ?? (() => new Date());
  const api: Api = { ledger: new Ledger(), now: () => Math.floor(now().getTime() / 1000) };
  const keys = new IdempotencyKeys(now);

  async function answer(request: IncomingMessage, body: string, requestId: string): Promise<KeyedAnswer | Answer> {
    const { method = 'GET', url = '/' } = request;
    const [path = '/', query = ''] = url.split('?', 2);
    authenticate(request.headers.authorization);
    const { operation, id } = route(method, path);
    const execution = operation(api, new RequestParameters(decodeForm(method === 'GET' ? query : body)), id);
    const execute = async (): Promise<Answer> => {
      try {
        const { aroundExecution = (_, run) => run() } = options;
        return { statusCode: 200, body: await aroundExecution({ method, path }, execution) };
      } catch (error) {
        return errorAnswer(error);
      }
    };
    const key = method === 'POST' ? header(request, 'idempotency-key') : undefined;
    if (key === undefined) return execute();
    const parameters = createHash('sha256').update(canonicalForm(body)).digest('base64');
    return keys.run({ key, requestId, path, parameters }, execute);
  }

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const requestId = newRequestId();
    const body = await readBody(request);
    const result = await answer(request, body, requestId).catch(errorAnswer);
    send(response, result, {
      'Request-Id': requestId,
      'Stripe-Version': header(request, 'stripe-version') ?? API_VERSION,
      ...idempotencyHeaders(result, header(request, 'idempotency-key')),
    });
  }

  return {
    handle: (request, response) => {
      // This fails only when the connection breaks before the request is read.
      handle(request, response).catch(() => response.destroy());
    },
  };
}

function authenticate(authorization: string | undefined): void {
  const [, scheme = '', credentials = ''] = /^(\w+)\s+(\S+)$/.exec(authorization ?? '') ?? [];
  const key =
    scheme.toLowerCase() === 'basic' ? Buffer.from(credentials, 'base64').toString().split(':')[0] : credentials;
  if (/^(bearer|basic)$/i.test(scheme) && key) return;
  const message =
    'You did not provide an API key. You need to provide your API key in the Authorization header, using Bearer ' +
    "auth (e.g. 'Authorization: Bearer YOUR_SECRET_KEY'). See https://stripe.com/docs/api#authentication for details, or we " +
    'can help at https://support.stripe.com/.';
  throw invalidRequest(message, {}, 401);
}

function route(method: string, path: string): { operation: Operation; id: string } {
  const [, version = '', resource = '', id, ...rest] = path.split('/');
  const pattern = ['', version, resource, ...(id ? ['*'] : id === undefined ? [] : ['']), ...rest].join('/');
  const operation = ROUTES.get(`${method} ${pattern}`);
  if (operation) return { operation, id: id ?? '' };
  const message =
    `Unrecognized request URL (${method}: ${path}). Please see https://stripe.com/docs or we can help at ` +
    'https://support.stripe.com/.';
  throw invalidRequest(message, {}, 404);
}

function errorAnswer(error: unknown): Answer {
  if (error instanceof ApiError) return { statusCode: error.statusCode, body: { error: error.details } };
  const message = `The local payment provider failed: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`;
  return { statusCode: 500, body: { error: { type: 'api_error', message } } };
}

/**
 * `Stripe-Should-Retry` is false for a stored response, since a retry gets the same response. It is true while the key
 * is in use, since the first request ends soon.
 */
function idempotencyHeaders(result: KeyedAnswer | Answer, key: string | undefined): Record<string, string> {
  if ('answer' in result) {
    return {
      'Idempotency-Key': key ?? '',
      'Original-Request': result.originalRequest,
      'Stripe-Should-Retry': 'false',
      ...(result.replayed ? { 'Idempotent-Replayed': 'true' } : {}),
    };
  }
  return result.statusCode === 409 ? { 'Stripe-Should-Retry': 'true' } : {};
}

function send(response: ServerResponse, result: KeyedAnswer | Answer, headers: Record<string, string>): void {
  const { statusCode, body } = 'answer' in result ? result.answer : result;
  response.writeHead(statusCode, { 'Content-Type': 'application/json', ...headers });
  response.end(JSON.stringify(body));
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}

function header(request: IncomingMessage, name: string): string | undefined {
  const value = request.headers[name];
  return typeof value === 'string' && value !== '' ? value : undefined;
}

import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { AwsError } from './aws-error.ts';
import type { Chaos } from './chaos/chaos.ts';
import { answerChaosControl } from './chaos/chaos-control.ts';
import type { RequestMiddleware } from './chaos/chaos-requests.ts';
import type { EventBridge } from './event-bridge/event-bridge.ts';
import { splitUrl } from './http-api/http-payload.ts';
import { type EventSourceMappings, eventSourceMappingsPath } from './lambda/event-source-mappings.ts';
import type { LogGroups } from './logs/log-groups.ts';
import type { Parameters } from './ssm/parameters.ts';
import type { Queues } from './sqs/queues.ts';
import { escapeXml, formatSqsAnswer, formatSqsError, parseSqsQuery } from './sqs/sqs-query-protocol.ts';

type Handler = (request: IncomingMessage, response: ServerResponse) => void | Promise<void>;

export interface AwsEndpointParts {
  eventBridge: Pick<EventBridge, 'request'>;
  /** Served as `/_local/lost-deliveries`. */
  lostDeliveries: EventBridge['lostDeliveries'];
  queues: Pick<Queues, 'request'>;
  parameters: Pick<Parameters, 'request'>;
  logs: Pick<LogGroups, 'request'>;
  /** The template of a stack, as JSON. */
  templateOf: (stackName: string) => string | undefined;
  dynamodb: Handler;
  mail: Handler;
  paymentProvider: Handler;
  isReady: () => boolean;
  /** Lambda's event source mappings; undefined until all stacks are provisioned. @default none */
  eventSources?: () => Pick<EventSourceMappings, 'request'> | undefined;
  /** Injects faults. @default no faults */
  chaos?: { control: Chaos; middleware: RequestMiddleware };
}

const ACCOUNT_ID = '000000000000';
const MAX_BODY_BYTES = 16 * 1024 * 1024;
/** The mail server's web page (`/` is the inbox) and the requests that this page makes. */
const MAIL_ROUTES = new Set(['GET /', 'GET /store', 'GET /get-emlContent', 'GET /health-check', 'POST /clear-store']);
const SUPPORTED_APIS = [
  'EventBridge',
  'SQS (JSON and query protocol)',
  'DynamoDB',
  "Lambda's event source mappings",
  'SSM parameters',
  'CloudWatch Logs (FilterLogEvents, CreateLogStream, PutLogEvents)',
  'CloudFormation GetTemplate',
  'STS GetCallerIdentity',
  'SESv2 (/v2/email/)',
  'the payment provider (/v1/)',
].join(', ');

/**
 * Serves all AWS services of the local cloud on one address. It routes by the `X-Amz-Target` header, the path and the
 * form's `Action`. The caller listens and closes.
 */
export function createAwsEndpoint(parts: AwsEndpointParts): Server {
  const server = createServer((request, response) => {
    const requestId = randomUUID();
    response.setHeader('x-amzn-RequestId', requestId);
    const handle = () => route(parts, request, response, requestId);
    const handled = parts.chaos ? parts.chaos.middleware(request, response, handle) : handle();
    handled.catch((error: unknown) => answerJsonError(response, error));
  });
  // The SDKs reuse their connections. With Node's default of 5 seconds they would send on closed ones.
  server.keepAliveTimeout = 65_000;
  return server;
}

async function route(
  parts: AwsEndpointParts,
  request: IncomingMessage,
  response: ServerResponse,
  requestId: string,
): Promise<void> {
  const { path: pathname } = splitUrl(request.url ?? '/');
  const target = request.headers['x-amz-target'];
  if (typeof target === 'string') return routeTarget(parts, target, request, response);
  if (pathname.startsWith('/v2/email/')) return parts.mail(request, response);
  if (pathname.startsWith('/v1/')) return parts.paymentProvider(request, response);
  if (pathname.startsWith(eventSourceMappingsPath)) return answerEventSources(parts, request, response);
  if (pathname === '/_local/chaos') return answerChaosControl(parts.chaos?.control, request, response);
  if (pathname === '/_local/lost-deliveries') return answerJson(response, parts.lostDeliveries(), '1.0');
  if (pathname === '/_local/health') return answerHealth(response, parts.isReady());
  if (MAIL_ROUTES.has(`${request.method} ${pathname}`)) return parts.mail(request, response);
  if (request.method === 'POST' && request.headers['content-type']?.startsWith('application/x-www-form-urlencoded')) {
    return answerQuery(parts, pathname, request, response, requestId);
  }
  throw unsupported(`${request.method} ${pathname}`);
}

async function routeTarget(
  parts: AwsEndpointParts,
  target: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const dot = target.lastIndexOf('.');
  const service = target.slice(0, dot);
  const action = target.slice(dot + 1);
  if (service === 'DynamoDB_20120810' || service.startsWith('DynamoDBStreams'))
    return parts.dynamodb(request, response);
  const signal = abortedOnDisconnect(response);
  const input = parseJson(await readBody(request));
  switch (service) {
    case 'AWSEvents':
      return answerJson(response, await parts.eventBridge.request(action, input), '1.1');
    case 'AmazonSSM':
      return answerJson(response, await parts.parameters.request(action, input), '1.1');
    case 'Logs_20140328':
      return answerJson(response, parts.logs.request(action, input), '1.1');
    case 'AmazonSQS':
      return answerJson(response, await parts.queues.request(action, input, signal), '1.0');
    default:
      throw unsupported(target);
  }
}

async function answerEventSources(
  { eventSources }: AwsEndpointParts,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const input = parseJson(await readBody(request));
  const mappings = eventSources?.();
  if (!mappings) throw new AwsError('ServiceException', 'The local cloud is still starting.', 503);
  const url = new URL(request.url ?? '/', 'http://localhost');
  answerJson(response, await mappings.request(request.method ?? 'GET', url, input), '1.1');
}

/** Handles the query protocol. STS and CloudFormation have no other, and SQS clients from before 2023 use it. */
async function answerQuery(
  parts: AwsEndpointParts,
  path: string,
  request: IncomingMessage,
  response: ServerResponse,
  requestId: string,
): Promise<void> {
  try {
    const signal = abortedOnDisconnect(response);
    const form = new URLSearchParams(await readBody(request));
    if (form.get('Action') === 'GetCallerIdentity') return answerXml(response, 200, callerIdentity(requestId));
    if (form.get('Action') === 'GetTemplate') return answerXml(response, 200, template(parts, form, requestId));
    const { action, input } = parseSqsQuery(form, path);
    const answer = (await parts.queues.request(action, input, signal)) as Record<string, unknown>;
    answerXml(response, 200, formatSqsAnswer(action, answer, requestId));
  } catch (error) {
    const awsError = toAwsError(error);
    answerXml(response, awsError.statusCode, formatSqsError(awsError, requestId));
  }
}

function callerIdentity(requestId: string): string {
  const result = `<Arn>arn:aws:iam::${ACCOUNT_ID}:root</Arn><UserId>${ACCOUNT_ID}</UserId><Account>${ACCOUNT_ID}</Account>`;
  return (
    '<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">' +
    `<GetCallerIdentityResult>${result}</GetCallerIdentityResult>` +
    `<ResponseMetadata><RequestId>${requestId}</RequestId></ResponseMetadata></GetCallerIdentityResponse>`
  );
}

/** @throws AwsError when there is no such stack */
function template({ templateOf }: AwsEndpointParts, form: URLSearchParams, requestId: string): string {
  const name = form.get('StackName') ?? '';
  const body = templateOf(name);
  if (body === undefined) throw new AwsError('ValidationError', `Stack with id ${name} does not exist`);
  return (
    '<GetTemplateResponse xmlns="http://cloudformation.amazonaws.com/doc/2010-05-15/">' +
    `<GetTemplateResult><TemplateBody>${escapeXml(body)}</TemplateBody></GetTemplateResult>` +
    `<ResponseMetadata><RequestId>${requestId}</RequestId></ResponseMetadata></GetTemplateResponse>`
  );
}

const unsupported = (operation: string): AwsError =>
  new AwsError(
    'UnknownOperationException',
    `The local cloud does not support ${operation}. This endpoint supports ${SUPPORTED_APIS}.`,
  );

/** The signal aborts when the client disconnects before it has the response. */
function abortedOnDisconnect(response: ServerResponse): AbortSignal {
  const disconnected = new AbortController();
  response.once('close', () => disconnected.abort());
  return disconnected.signal;
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  // Leaving the loop must not destroy the request, since the error response uses the same connection.
  for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > MAX_BODY_BYTES) break;
    chunks.push(chunk);
  }
  if (bytes > MAX_BODY_BYTES) {
    request.resume();
    throw new AwsError('RequestEntityTooLargeException', `A request may have at most ${MAX_BODY_BYTES} bytes.`, 413);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function parseJson(body: string): unknown {
  if (body === '') return {};
  try {
    return JSON.parse(body);
  } catch {
    throw new AwsError('SerializationException', 'The body of the request is not JSON.');
  }
}

function answerHealth(response: ServerResponse, ready: boolean): void {
  response.writeHead(ready ? 200 : 503, { 'content-type': 'application/json' });
  response.end(JSON.stringify({ status: ready ? 'ready' : 'starting' }));
}

function answerJson(response: ServerResponse, answer: unknown, version: '1.0' | '1.1'): void {
  response.writeHead(200, { 'content-type': `application/x-amz-json-${version}` });
  response.end(JSON.stringify(answer));
}

function answerXml(response: ServerResponse, statusCode: number, xml: string): void {
  if (response.destroyed) return;
  response.writeHead(statusCode, { 'content-type': 'text/xml' });
  response.end(xml);
}

function answerJsonError(response: ServerResponse, error: unknown): void {
  if (response.destroyed) return;
  const awsError = toAwsError(error);
  // The client is still sending the rest of the rejected body, so the connection cannot be reused.
  if (awsError.statusCode === 413) response.setHeader('connection', 'close');
  response.writeHead(awsError.statusCode, {
    'content-type': 'application/x-amz-json-1.1',
    'x-amzn-errortype': awsError.code,
    'x-amzn-query-error': `${awsError.queryCode};${awsError.statusCode < 500 ? 'Sender' : 'Receiver'}`,
  });
  response.end(JSON.stringify({ __type: awsError.code, message: awsError.message }));
}

function toAwsError(error: unknown): AwsError {
  if (error instanceof AwsError) return error;
  return new AwsError('InternalFailure', error instanceof Error ? error.message : String(error), 500);
}

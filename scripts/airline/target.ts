import { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { SQSClient } from '@aws-sdk/client-sqs';
import {
  GetParameterCommand,
  GetParametersByPathCommand,
  ParameterNotFound,
  SSMClient,
  type SSMClientConfig,
} from '@aws-sdk/client-ssm';
import { isObject } from '@airline/events-schemas/is-object';
import { printable } from '@airline/events-schemas/printable';
import type { TargetName } from '../cli/command.ts';
import { asRefusal } from '../cli/refusal.ts';
import { UsageError } from '../cli/usage-error.ts';
import { fetchLocalhost } from './fetch-localhost.ts';

/** A running airline, and the clients to reach it. */
export interface Target {
  /** The prefix of the names of its tables, queues and parameters. */
  airline: string;
  /** The local cloud's endpoint, for AWS and the payment provider. On AWS each service has its own: undefined. */
  endpoint: string | undefined;
  eventBridge: EventBridgeClient;
  sqs: SQSClient;
  /** For the clients of further AWS services. */
  clientConfig: Pick<SSMClientConfig, 'endpoint' | 'region' | 'credentials' | 'maxAttempts'>;
  /** The SSM parameters of platform and services, by their path below the airline's name, e.g. `bus/name`. */
  parameters(): Promise<Map<string, string>>;
  /** The value of a SecureString, by its path below the airline's name. @throws UsageError when it does not exist */
  secret(path: string): Promise<string>;
  /**
   * Sends a request to the front door as nobody in particular, whatever it answers.
   * @throws UsageError when the front door does not answer; when `init.signal` aborts, its reason
   */
  fetchAnonymously(path: string, init?: RequestInit): Promise<Response>;
  /**
   * Sends a request to the front door, with the customer's token in AIRLINE_TOKEN if it is set.
   * @throws UsageError when the front door does not answer or refuses the token; when `init.signal` aborts, its reason
   */
  fetch(path: string, init?: RequestInit): Promise<Response>;
}

export interface LocalPorts {
  awsPort: number;
  httpPort: number;
}

/** Of a server's answer, in characters. */
const longestQuote = 1000;

/** The local cloud's ports: LOCAL_AWS_PORT and LOCAL_HTTP_PORT, by default 4566 and 8080. */
export function localPorts(): LocalPorts {
  return { awsPort: portOf('LOCAL_AWS_PORT', 4566), httpPort: portOf('LOCAL_HTTP_PORT', 8080) };
}

/** An environment with which commands use the airline on these ports. */
export function environmentOn({ awsPort, httpPort }: LocalPorts, environment = process.env): NodeJS.ProcessEnv {
  return { ...environment, LOCAL_AWS_PORT: String(awsPort), LOCAL_HTTP_PORT: String(httpPort) };
}

/**
 * `local`: the local cloud on these ports. `aws`: the account of the AWS profile, or an emulator at AWS_ENDPOINT_URL.
 */
export function openTarget(name: TargetName, ports = localPorts()): Target {
  const airline = process.env.AIRLINE_NAME ?? 'airline';
  const local = name === 'local';
  const endpoint = `http://localhost:${ports.awsPort}`;
  const config = local
    ? { endpoint, region: 'us-east-1', credentials: { accessKeyId: 'local', secretAccessKey: 'local' }, maxAttempts: 1 }
    : {};
  const ssm = new SSMClient(config);
  let known: Promise<Map<string, string>> | undefined;

  const unreachable = (cause: unknown): UsageError => {
    const refusal = asRefusal(cause);
    if (refusal) return refusal;
    return local
      ? new UsageError(
          `No local cloud answers on ${endpoint}. Start one with \`pnpm start\`, ` +
            'or set LOCAL_AWS_PORT and LOCAL_HTTP_PORT to its ports.',
          { cause },
        )
      : new UsageError(
          `AWS does not answer: ${printable(cause instanceof Error ? cause.message : String(cause), longestQuote)}`,
          {
            cause,
          },
        );
  };

  async function readParameters(): Promise<Map<string, string>> {
    const found = new Map<string, string>();
    let NextToken: string | undefined;
    do {
      const page = await ssm
        .send(new GetParametersByPathCommand({ Path: `/${airline}`, Recursive: true, ...(NextToken && { NextToken }) }))
        .catch((error: unknown) => {
          throw unreachable(error);
        });
      for (const { Name, Value } of page.Parameters ?? []) found.set(Name!.slice(airline.length + 2), Value!);
      NextToken = page.NextToken;
    } while (NextToken);
    if (!found.has('bus/name')) {
      throw new UsageError(
        `No airline named ${airline} is deployed there: the parameter /${airline}/bus/name is missing. ` +
          '`pnpm run deploy` deploys one; to use another, set AIRLINE_NAME.',
      );
    }
    return found;
  }

  const parameters = (): Promise<Map<string, string>> => (known ??= readParameters());

  async function secret(path: string): Promise<string> {
    const Name = `/${airline}/${path}`;
    const { Parameter } = await ssm
      .send(new GetParameterCommand({ Name, WithDecryption: true }))
      .catch((error: unknown) => {
        throw error instanceof ParameterNotFound
          ? new UsageError(`There is no parameter ${Name}.`, { cause: error })
          : unreachable(error);
      });
    return Parameter!.Value!;
  }

  async function fetchAnonymously(path: string, init?: RequestInit): Promise<Response> {
    const base = local ? `http://localhost:${ports.httpPort}` : (await parameters()).get('api/url');
    return fetchLocalhost(`${base}${path}`, init).catch((error: unknown) => {
      init?.signal?.throwIfAborted();
      throw unreachable(error);
    });
  }

  return {
    airline,
    endpoint: local ? endpoint : undefined,
    eventBridge: new EventBridgeClient(config),
    sqs: new SQSClient(config),
    clientConfig: config,
    parameters,
    secret,
    fetchAnonymously,
    async fetch(path, init) {
      const response = await fetchAnonymously(path, asCustomer(init));
      if (response.status === 401) throw new UsageError(whyUnauthorized(response));
      return response;
    },
  };
}

function asCustomer(init: RequestInit = {}): RequestInit {
  const token = process.env.AIRLINE_TOKEN;
  if (!token) return init;
  const headers = new Headers(init.headers);
  headers.set('authorization', `Bearer ${token}`);
  return { ...init, headers };
}

/** API Gateway gives the reason of a 401 in the header `WWW-Authenticate` only. */
function whyUnauthorized(response: Response): string {
  const [, why] = /error_description="([^"]*)"/.exec(response.headers.get('www-authenticate') ?? '') ?? [];
  return why === undefined
    ? 'This airline requires a login. Set AIRLINE_TOKEN to a token of its issuer.'
    : `The front door refuses the token in AIRLINE_TOKEN: ${printable(why, longestQuote)}.`;
}

/**
 * Parses an answer's JSON.
 * @throws UsageError with the answer's `detail`, `title` or `message` when it is not a success; when it is not JSON
 */
export async function jsonOf<T>(response: Response): Promise<T> {
  const body: unknown = await response.json().catch(() => undefined);
  const { detail, title, message } = isObject(body) ? body : {};
  if (!response.ok) {
    const why = [detail, title, message].find((text) => typeof text === 'string');
    throw new UsageError(
      why === undefined ? `${response.url} answered ${response.status}.` : printable(why, longestQuote),
    );
  }
  if (body === undefined) throw new UsageError(`${response.url} answered ${response.status}, but not with JSON.`);
  return body as T;
}

function portOf(variable: string, otherwise: number): number {
  const text = process.env[variable];
  if (!text) return otherwise;
  const port = Number(text);
  if (!Number.isInteger(port) || port < 0 || port > 65_535)
    throw new UsageError(`${variable} must be a port (0 to 65535), not ${JSON.stringify(text)}.`);
  return port;
}

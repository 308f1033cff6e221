import type { RequestListener, Server } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import type mailServer from 'aws-ses-v2-local';
import { createAwsEndpoint } from './aws-endpoint.ts';
import { Chaos } from './chaos/chaos.ts';
import type { ChaosOptions } from './chaos/chaos.ts';
import { runUnreliably } from './chaos/chaos-invocations.ts';
import { deliverUnreliably, pollUnreliably, putEventsUnreliably } from './chaos/chaos-messages.ts';
import { answerUnreliably, executeLate } from './chaos/chaos-requests.ts';
import { readCloudAssemblies } from './cloudformation/cloud-assembly.ts';
import { createDynamoDb } from './dynamodb/dynamodb.ts';
import { EventBridge } from './event-bridge/event-bridge.ts';
import { startEventSource } from './lambda/event-source.ts';
import { FunctionPool, inPlaceOfAws } from './lambda/function-pool.ts';
import { createFrontDoor, HttpApi } from './http-api/http-api.ts';
import { ACCOUNT_ID, REGION } from './account.ts';
import { LocalCloudError } from './local-cloud-error.ts';
import { Parameters } from './ssm/parameters.ts';
import { createPaymentProvider } from './payment-provider/payment-provider.ts';
import { provisionStacks } from './cloudformation/provision.ts';
import { Queues } from './sqs/queues.ts';
import type { Machine } from './cloudformation/resources/resource-kind.ts';
import type { Deliver } from './event-bridge/target-delivery.ts';

export interface LocalCloudOptions {
  /** The folders that `cdk synth` wrote, in any order. */
  assemblies: string[];
  /** Of the AWS endpoint; 0 takes any free port. */
  awsPort: number;
  /** Of the front door; 0 takes any free port. */
  httpPort: number;
  /** Gets what a person should see: failed invocations and deliveries. Default: standard error. */
  log?: (line: string) => void;
  /** Where each function's output goes, one file a function. Default: it is discarded. */
  logDirectory?: string;
  /** Misbehaves on purpose, from when it is ready. Default: it does not. */
  chaos?: ChaosOptions;
  /** Runs when everything works and before the cloud says that it is ready, to load what it should hold from the start. */
  prepare?: (endpoints: Endpoints) => Promise<void>;
}

interface Endpoints {
  awsEndpoint: string;
  httpEndpoint: string;
}

export interface LocalCloud extends Endpoints {
  /** Ends everything within 3 seconds. Nothing is kept. */
  stop(): Promise<void>;
}

/** What an operator puts into the parameter store by hand, once for each account: CloudFormation cannot create secure ones. */
const SECRETS = { '/airline/payments/stripe-api-key': 'sk_test_local' };

const DRAIN_MILLISECONDS = 1500;
/** Under chaos a killed worker's messages come again after this time and not after a minute or more: longer than any function runs. */
const CHAOS_VISIBILITY_SECONDS = 20;

/**
 * Runs the stacks of the assemblies on this machine, in this process.
 * @returns when everything stands, every function is loaded and `prepare` is done
 * @throws LocalCloudError and what `prepare` throws, after having stopped what was started
 */
export async function startLocalCloud(options: LocalCloudOptions): Promise<LocalCloud> {
  const log = options.log ?? ((line) => console.error(line));
  const stacks = readCloudAssemblies(options.assemblies);
  const started: (() => Promise<unknown>)[] = [];
  let stopped: Promise<void> | undefined;
  const stop = (): Promise<void> => (stopped ??= stopAll(started));
  let ready = false;

  try {
    const parameters = new Parameters();
    for (const [name, value] of Object.entries(SECRETS)) parameters.put(name, value, 'SecureString');

    let awsEndpoint = '';
    const chaos = options.chaos && new Chaos(options.chaos);
    const queues = await Queues.start({
      accountId: ACCOUNT_ID,
      region: REGION,
      endpoint: () => awsEndpoint,
      longestVisibilitySeconds: chaos && CHAOS_VISIBILITY_SECONDS,
    });
    started.push(() => queues.close());
    const stopping = new AbortController();
    const deliver: Deliver = (...delivery) => queues.send(...delivery);
    const eventBridge = new EventBridge({
      accountId: ACCOUNT_ID,
      region: REGION,
      deliver: chaos ? deliverUnreliably(deliver, chaos, stopping.signal) : deliver,
      log,
    });
    started.push(() => {
      chaos?.disable();
      stopping.abort();
      return eventBridge.close();
    });
    const dynamodb = createDynamoDb();

    const awsServer = createAwsEndpoint({
      eventBridge: chaos ? putEventsUnreliably(eventBridge, chaos) : eventBridge,
      queues,
      parameters,
      dynamodb: dynamodb.handle,
      mail: await createMail(),
      paymentProvider: createPaymentProvider(chaos && { beforeExecution: executeLate(chaos) }).handle,
      isReady: () => ready,
      ...(chaos && {
        chaos: { control: chaos, around: answerUnreliably(chaos, (key) => functions.definition(key) !== undefined) },
      }),
    });
    const awsPort = await listen(awsServer, options.awsPort, 'LOCAL_AWS_PORT');
    started.push(() => close(awsServer));
    awsEndpoint = `http://localhost:${awsPort}`;

    const functions = new FunctionPool({
      // By address: resolving the name would queue up in the four threads that all workers share for it.
      environment: inPlaceOfAws(`http://127.0.0.1:${awsPort}`),
      log,
      ...(options.logDirectory !== undefined && { logDirectory: options.logDirectory }),
      ...(chaos && { run: runUnreliably(chaos) }),
    });
    started.push(() => functions.close());

    let httpEndpoint = '';
    const httpApi = new HttpApi({ functions, endpoint: () => httpEndpoint });
    const frontDoor = createFrontDoor(httpApi, { isReady: () => ready, log });
    const httpPort = await listen(frontDoor, options.httpPort, 'LOCAL_HTTP_PORT');
    started.push(() => close(frontDoor));
    httpEndpoint = `http://localhost:${httpPort}`;

    const machine: Machine = {
      eventBridge,
      queues,
      parameters,
      createTable: dynamodb.createTable,
      functions,
      httpApi,
      eventSources: [],
    };
    await provisionStacks(stacks, machine);
    await functions.warm();
    const eventSources = machine.eventSources.map((mapping) =>
      startEventSource(mapping, { queues: chaos ? pollUnreliably(queues, chaos) : queues, functions, log }),
    );
    started.push(() => Promise.all(eventSources.map((source) => source.stop(DRAIN_MILLISECONDS))));
    await options.prepare?.({ awsEndpoint, httpEndpoint });
    ready = true;
    chaos?.enable();

    return {
      awsEndpoint,
      httpEndpoint,
      stop: () => {
        ready = false;
        return stop();
      },
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Last started, first stopped: the event sources drain while everything that a function may call still answers. */
async function stopAll(started: (() => Promise<unknown>)[]): Promise<void> {
  for (const stopOne of started.reverse()) await stopOne();
}

/** The mail server's handler. It can only be had by listening; its socket is closed again, and requests are handed over. */
async function createMail(): Promise<RequestListener> {
  const { default: startMail } = createRequire(import.meta.url)('aws-ses-v2-local') as { default: typeof mailServer };
  const server = await startMail({ host: '127.0.0.1', port: 0 });
  await close(server);
  return (request, response) => void server.emit('request', request, response);
}

async function listen(server: Server, port: number, variable: string): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const problem =
        error.code === 'EADDRINUSE'
          ? `Port ${port} is in use (by another local cloud?); stop what uses it`
          : `Port ${port} cannot be opened (${error.message}); free it`;
      reject(new LocalCloudError(`${problem} or set ${variable} to a free port.`));
    });
    // Nobody else on the network: these are an account's keys to everything.
    server.listen(port, '127.0.0.1', resolve);
  });
  return (server.address() as AddressInfo).port;
}

async function close(server: Server): Promise<void> {
  await new Promise<void>((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}

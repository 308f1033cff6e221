import type { RequestListener, Server } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import type mailServer from 'aws-ses-v2-local';
import { createAwsEndpoint } from './aws-endpoint.ts';
import { Chaos } from './chaos/chaos.ts';
import type { ChaosOptions } from './chaos/chaos.ts';
import { injectInvocationFaults } from './chaos/chaos-invocations.ts';
import { injectDeliveryFaults, injectPutEventsFaults, injectQueueFaults } from './chaos/chaos-messages.ts';
import { injectExecutionFaults, injectRequestFaults } from './chaos/chaos-requests.ts';
import { readCloudAssemblies } from './cloudformation/cloud-assembly.ts';
import { createDynamoDb } from './dynamodb/dynamodb.ts';
import { EventBridge } from './event-bridge/event-bridge.ts';
import { startEventSource } from './lambda/event-source.ts';
import { EventSourceMappings } from './lambda/event-source-mappings.ts';
import { startSchedule } from './lambda/schedule.ts';
import { FunctionPool, localEndpointVariables } from './lambda/function-pool.ts';
import { createFrontDoor, HttpApi } from './http-api/http-api.ts';
import { ACCOUNT_ID, REGION } from './account.ts';
import { LocalCloudError } from './local-cloud-error.ts';
import { LogGroups } from './logs/log-groups.ts';
import { Parameters } from './ssm/parameters.ts';
import { createPaymentProvider } from './payment-provider/payment-provider.ts';
import { provisionStacks } from './cloudformation/provision.ts';
import { Queues } from './sqs/queues.ts';
import type { Machine } from './cloudformation/resources/resource-kind.ts';
import type { Deliver } from './event-bridge/target-delivery.ts';

export interface LocalCloudOptions {
  /** The output folders of `cdk synth`, in any order. */
  assemblies: string[];
  /** Port of the AWS endpoint. 0 takes any free port. */
  awsPort: number;
  /** Port of the front door. 0 takes any free port. */
  httpPort: number;
  /** Receives a line for each failed invocation and each failed delivery. @default standard error */
  log?: (line: string) => void;
  /** Folder for the functions' output, one file for each function. @default the output is discarded */
  logDirectory?: string;
  /** Injects faults from the moment that the local cloud is ready. @default no faults */
  chaos?: ChaosOptions;
  /** Loads initial data. It runs when all services work, before the health checks answer 200. */
  prepare?: (endpoints: Endpoints) => Promise<void>;
}

export interface Endpoints {
  awsEndpoint: string;
  httpEndpoint: string;
}

export interface LocalCloud extends Endpoints {
  /** Stops everything within 3 seconds and deletes all data. */
  stop(): Promise<void>;
}

/** CloudFormation cannot create SecureString parameters. In an AWS account an operator creates these by hand, once. */
const SECRETS = { '/airline/payments/stripe-api-key': 'sk_test_local' };

const DRAIN_MILLISECONDS = 1500;
/**
 * Under chaos, SQS redelivers the messages of a killed worker after this time instead of after 60 to 90 seconds. It is
 * longer than any function runs.
 */
const CHAOS_VISIBILITY_SECONDS = 20;

/**
 * Runs the stacks of the assemblies on this machine, in this process.
 * @returns when all resources exist, every function is loaded and `prepare` has finished
 * @throws LocalCloudError, or the error of `prepare`. Everything that was started is stopped before it throws.
 */
export async function startLocalCloud(options: LocalCloudOptions): Promise<LocalCloud> {
  const log = options.log ?? ((line) => console.error(line));
  const stacks = readCloudAssemblies(options.assemblies);
  const cleanups: (() => Promise<unknown>)[] = [];
  let stopped: Promise<void> | undefined;
  const stop = (): Promise<void> => (stopped ??= runCleanups(cleanups));
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
      maximumVisibilitySeconds: chaos && CHAOS_VISIBILITY_SECONDS,
    });
    cleanups.push(() => queues.close());
    const stopping = new AbortController();
    const deliver: Deliver = (...delivery) => queues.send(...delivery);
    const eventBridge = new EventBridge({
      accountId: ACCOUNT_ID,
      region: REGION,
      deliver: chaos ? injectDeliveryFaults(deliver, chaos, stopping.signal) : deliver,
      log,
    });
    cleanups.push(() => {
      chaos?.disable();
      stopping.abort();
      return eventBridge.close();
    });
    const dynamodb = createDynamoDb();
    const logs = new LogGroups();
    let eventSources: EventSourceMappings | undefined;

    const awsServer = createAwsEndpoint({
      eventBridge: chaos ? injectPutEventsFaults(eventBridge, chaos) : eventBridge,
      lostDeliveries: () => eventBridge.lostDeliveries(),
      queues,
      parameters,
      logs,
      templateOf: (stackName) => {
        const stack = stacks.find(({ name }) => name === stackName);
        return stack && JSON.stringify(stack.template);
      },
      dynamodb: dynamodb.handle,
      mail: await createMail(),
      paymentProvider: createPaymentProvider(chaos && { aroundExecution: injectExecutionFaults(chaos) }).handle,
      isReady: () => ready,
      eventSources: () => eventSources,
      ...(chaos && {
        chaos: {
          control: chaos,
          middleware: injectRequestFaults(chaos, (key) => functions.definition(key) !== undefined),
        },
      }),
    });
    const awsPort = await listen(awsServer, options.awsPort, 'LOCAL_AWS_PORT');
    cleanups.push(() => close(awsServer));
    awsEndpoint = `http://localhost:${awsPort}`;

    const functions = new FunctionPool({
      // An address, not a name: all workers share the four libuv threads that resolve names, and would wait for them.
      environment: localEndpointVariables(`http://127.0.0.1:${awsPort}`),
      log,
      logs,
      ...(options.logDirectory !== undefined && { logDirectory: options.logDirectory }),
      ...(chaos && { runInvocation: injectInvocationFaults(chaos) }),
    });
    cleanups.push(() => functions.close());

    let httpEndpoint = '';
    const httpApi = new HttpApi({ functions, endpoint: () => httpEndpoint });
    const frontDoor = createFrontDoor(httpApi, { isReady: () => ready, log });
    const httpPort = await listen(frontDoor, options.httpPort, 'LOCAL_HTTP_PORT');
    cleanups.push(() => close(frontDoor));
    httpEndpoint = `http://localhost:${httpPort}`;

    const machine: Machine = {
      eventBridge,
      queues,
      parameters,
      logs,
      createTable: dynamodb.createTable,
      functions,
      httpApi,
      eventSources: [],
      schedules: [],
    };
    await provisionStacks(stacks, machine);
    await functions.warm();
    const mappings = (eventSources = new EventSourceMappings(
      machine.eventSources,
      (mapping) =>
        startEventSource(mapping, { queues: chaos ? injectQueueFaults(queues, chaos) : queues, functions, log }),
      DRAIN_MILLISECONDS,
    ));
    cleanups.push(() => mappings.stop());
    const endSchedules = machine.schedules.map((schedule) => startSchedule(schedule, functions));
    cleanups.push(async () => endSchedules.forEach((end) => end()));
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

/** Stops in reverse order: the event sources finish their batches while the services that functions call still run. */
async function runCleanups(cleanups: (() => Promise<unknown>)[]): Promise<void> {
  for (const cleanup of cleanups.reverse()) await cleanup();
}

/**
 * The request handler of the mail server. aws-ses-v2-local exports no handler, only a server that listens. So this
 * starts it, closes its socket, and passes requests to it.
 */
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
    // Loopback only: whoever reaches this port may do everything, without credentials.
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

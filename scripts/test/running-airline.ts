import { type ChildProcess, spawn } from 'node:child_process';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { type AirlineEvent, type EventData, sourceOf } from '@airline/events-schemas/events';
import type { BookingStatus } from '../follow-booking.ts';

const root = path.join(import.meta.dirname, '..', '..');

export interface CommandResult {
  code: number | null;
  stdout: string;
  stderr: string;
}

export interface SeatMap {
  counts: { free: number; held: number; sold: number };
  seats: { seat: string; state: 'free' | 'held' | 'sold'; fare: { amountMinor: number; currency: string } }[];
}

export interface Mail {
  destination: { to: string[] };
  subject: string;
  body: { text?: string; html?: string };
}

/** A whole airline on ephemeral ports, started and driven from outside, as its users do. */
export class RunningAirline {
  readonly #process: ChildProcess;
  readonly #environment: NodeJS.ProcessEnv;
  readonly awsEndpoint: string;
  readonly httpEndpoint: string;
  readonly eventBridge: EventBridgeClient;
  readonly sqs: SQSClient;

  private constructor(child: ChildProcess, environment: NodeJS.ProcessEnv, awsPort: number, httpPort: number) {
    this.#process = child;
    this.#environment = environment;
    this.awsEndpoint = `http://localhost:${awsPort}`;
    this.httpEndpoint = `http://localhost:${httpPort}`;
    const config = {
      endpoint: this.awsEndpoint,
      region: 'eu-west-1',
      credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    };
    this.eventBridge = new EventBridgeClient(config);
    this.sqs = new SQSClient(config);
  }

  /** @param context CDK context values that the stacks are synthesized with, as by `-c` */
  static async start(context: Record<string, unknown> = {}): Promise<RunningAirline> {
    const [awsPort, httpPort] = await freePorts();
    const environment = {
      ...plainEnvironment(),
      LOCAL_AWS_PORT: String(awsPort),
      LOCAL_HTTP_PORT: String(httpPort),
      CDK_CONTEXT_JSON: JSON.stringify(context),
    };
    const child = spawn(process.execPath, ['--import', 'tsx', 'scripts/start.ts'], {
      cwd: root,
      env: environment,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
    const airline = new RunningAirline(child, environment, awsPort, httpPort);
    await until('the airline is open', async () => {
      if (child.exitCode !== null) throw new Error(`It did not start:\n${output}`);
      const health = await fetch(`${airline.httpEndpoint}/_local/health`).catch(() => undefined);
      return health?.status === 200;
    });
    return airline;
  }

  /** Asks it to stop as Ctrl-C does. @returns its exit code */
  async stop(): Promise<number | null> {
    this.eventBridge.destroy();
    this.sqs.destroy();
    if (this.#process.exitCode !== null) return this.#process.exitCode;
    const ended = new Promise<number | null>((resolve) => this.#process.once('exit', resolve));
    this.#process.kill('SIGTERM');
    return ended;
  }

  /** Runs a command, e.g. `command('book', '--flight', 'KL1001', '--seat', '12A')`. */
  async command(name: string, ...parameters: string[]): Promise<CommandResult> {
    const child = spawn(process.execPath, ['--import', 'tsx', `scripts/${name}.ts`, ...parameters], {
      cwd: root,
      env: this.#environment,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let [stdout, stderr] = ['', ''];
    child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
    const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
    return { code, stdout, stderr };
  }

  /** Publishes as any producer does. Without metadata the services derive it. */
  async publish(type: AirlineEvent['type'], data: unknown, metadata?: unknown): Promise<void> {
    const { FailedEntryCount } = await this.eventBridge.send(
      new PutEventsCommand({
        Entries: [
          { EventBusName: 'airline', Source: sourceOf(type), DetailType: type, Detail: JSON.stringify({ metadata, data }) },
        ],
      }),
    );
    if (FailedEntryCount) throw new Error(`EventBridge refused ${type}.`);
  }

  /** Puts a message into a service's queue, past the bus. */
  async send(service: string, body: string): Promise<void> {
    await this.sqs.send(
      new SendMessageCommand({ QueueUrl: `${this.awsEndpoint}/000000000000/airline-${service}`, MessageBody: body }),
    );
  }

  async get<T>(path: string): Promise<T> {
    return (await (await fetch(`${this.httpEndpoint}${path}`)).json()) as T;
  }

  /** Follows the booking until it is settled. */
  async settled(bookingId: string): Promise<BookingStatus> {
    let status: BookingStatus | undefined;
    await until(`${bookingId} is settled`, async () => {
      status = await this.get<BookingStatus>(`/bookings/${bookingId}?wait=5`);
      return status.settled;
    });
    return status!;
  }

  async seat(flightId: string, seat: string): Promise<'free' | 'held' | 'sold'> {
    const { seats } = await this.get<SeatMap>(`/flights/${flightId}/seats`);
    return seats.find((each) => each.seat === seat)!.state;
  }

  /** The mails that one passenger got. */
  async mailsTo(email: string): Promise<Mail[]> {
    const { emails } = (await (await fetch(`${this.awsEndpoint}/store`)).json()) as { emails: Mail[] };
    return emails.filter(({ destination }) => destination.to.some((to) => to.includes(email)));
  }

  /** What the payment provider captured for a booking, less what it refunded, in minor units; and how many charges it made. */
  async charged(bookingId: string): Promise<{ net: number; charges: number }> {
    const charges = await this.#listAll<{
      amount_captured: number;
      amount_refunded: number;
      paid: boolean;
      metadata: { bookingId?: string };
    }>('/v1/charges');
    const paid = charges.filter(({ metadata, paid }) => metadata.bookingId === bookingId && paid);
    return { net: paid.reduce((sum, charge) => sum + charge.amount_captured - charge.amount_refunded, 0), charges: paid.length };
  }

  async #listAll<T>(path: string): Promise<T[]> {
    const all: T[] = [];
    for (let after = ''; ;) {
      const response = await fetch(`${this.awsEndpoint}${path}?limit=100${after && `&starting_after=${after}`}`, {
        headers: { authorization: 'Bearer sk_test_local' },
      });
      const { data, has_more: more } = (await response.json()) as { data: (T & { id: string })[]; has_more: boolean };
      all.push(...data);
      if (!more) return all;
      after = data[data.length - 1]!.id;
    }
  }
}

/** Waits for a condition, and for no longer than a broken system deserves. */
export async function until(what: string, condition: () => Promise<boolean>, patienceMilliseconds = 120_000): Promise<void> {
  const deadline = Date.now() + patienceMilliseconds;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error(`Waited in vain until ${what}.`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** This process's environment as a pipe sees it: jest tells its workers to force colours on a terminal and in CI. */
export function plainEnvironment(): NodeJS.ProcessEnv {
  const { FORCE_COLOR: _, ...environment } = process.env;
  return environment;
}

export type BookingRequest = EventData<'BookingRequested'>;

/** Two ports that nobody uses right now. */
async function freePorts(): Promise<[number, number]> {
  const servers = await Promise.all([listen(), listen()]);
  const ports = servers.map((server) => (server.address() as AddressInfo).port) as [number, number];
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}

async function listen() {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
}

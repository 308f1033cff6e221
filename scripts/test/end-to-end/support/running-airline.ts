import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import {
  type AttributeValue,
  DeleteItemCommand,
  DynamoDBClient,
  paginateScan,
  PutItemCommand,
} from '@aws-sdk/client-dynamodb';
import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import {
  GetQueueAttributesCommand,
  GetQueueUrlCommand,
  type QueueAttributeName,
  SendMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import type { StandingFault } from '@airline/local-cloud/chaos/chaos';
import { type AirlineEvent, type EventData, sourceOf } from '@airline/events-schemas/events';
import { basename } from 'node:path';
import type { Readable } from 'node:stream';
import { expect, test } from '@jest/globals';
import type { BookingStatus } from '../../../airline/follow-booking.ts';
import { startOnEmulator } from './on-emulator.ts';
import { expectDocumented } from './expect-documented.ts';
import { fetchLocalhost } from '../../../airline/fetch-localhost.ts';
import { type CommandResult, runCommand } from '../../../cli/run-command.ts';
import { commandArguments } from '../../../cli/workspace.ts';
import type { Flight } from '../../../airline/schedule.ts';
import type { Report } from '../../../reconcile/reconcile-bookings.ts';
import type { AirlinePlace, Mail } from './airline-place.ts';
import { startOnLocalCloud } from './on-local-cloud.ts';

type Item = Record<string, AttributeValue>;
type SeatState = 'free' | 'held' | 'sold';

interface SeatMap {
  counts: { free: number; held: number; sold: number };
  seats: { seat: string; state: SeatState; fare: { amountMinor: number; currency: string } }[];
}

/** `pnpm test` runs the scenarios on a local cloud, `pnpm test:conformance` runs the same ones on an emulator. */
export const runsOnEmulator = process.env.AIRLINE_RUNS_ON === 'emulator';

/** Returns `test`; on the emulator it returns a skipped test whose name says why. */
export function testExceptOnEmulator(why: string): (name: string, run: () => Promise<void>) => void {
  return (name, run) => (runsOnEmulator ? test.skip(`${name} (not on the emulator: ${why})`, run) : test(name, run));
}

/** A whole airline, used from outside as its users do. It runs on a local cloud, or deployed to an emulator of AWS. */
export class RunningAirline {
  readonly #place: AirlinePlace;
  readonly eventBridge: EventBridgeClient;
  readonly sqs: SQSClient;

  constructor(place: AirlinePlace) {
    this.#place = place;
    this.eventBridge = new EventBridgeClient(place.clientConfig);
    this.sqs = new SQSClient(place.clientConfig);
  }

  /** @param context CDK context values, as with `-c` */
  static async start(context: Record<string, unknown> = {}): Promise<RunningAirline> {
    return new RunningAirline(
      await (runsOnEmulator ? startOnEmulator(suiteName(), context) : startOnLocalCloud(context)),
    );
  }

  /** Starts one on a local cloud, with no faults but those that `faults` switches. */
  static async startWithFaults(context: Record<string, unknown> = {}): Promise<RunningAirline> {
    return new RunningAirline(await startOnLocalCloud(context, ['--chaos', '1:none']));
  }

  /** Replaces the standing faults. */
  async faults(...standing: StandingFault[]): Promise<void> {
    const init = { method: 'POST', body: JSON.stringify({ standing }) };
    const response = await fetch(`${this.#place.clientConfig.endpoint}/_local/chaos`, init);
    if (!response.ok) throw new Error(await response.text());
  }

  /** Asks it to stop as Ctrl-C does. @returns its exit code */
  async stop(): Promise<number | null> {
    this.eventBridge.destroy();
    this.sqs.destroy();
    return this.#place.stop();
  }

  /** Runs a command, e.g. `command('book', '--flight', 'KL1001', '--seat', '12A')`. */
  async command(name: string, ...parameters: string[]): Promise<CommandResult> {
    return runCommand(this.#place.environment, name, ...parameters, '--target', this.#place.target);
  }

  /** Starts a command that runs until it is stopped. */
  start(name: string, ...parameters: string[]): ChildProcessByStdio<null, Readable, null> {
    return spawn(process.execPath, commandArguments(name, ...parameters, '--target', this.#place.target), {
      env: this.#place.environment,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
  }

  /** Runs a command as the customer whose token it is. */
  async commandAs(token: string, name: string, ...parameters: string[]): Promise<CommandResult> {
    const environment = { ...this.#place.environment, AIRLINE_TOKEN: token };
    return runCommand(environment, name, ...parameters, '--target', this.#place.target);
  }

  /** Returns a customer who books seats of the next departure with this flight number. */
  async customer(flightNumber: string): Promise<Customer> {
    const { flights } = await this.get<{ flights: Flight[] }>(`/flights?flightNumber=${flightNumber}`);
    return new Customer(flights[0]!);
  }

  /** Publishes an event as any producer does. Without metadata the services derive it. */
  async publish(type: AirlineEvent['type'], data: unknown, metadata?: unknown, TraceHeader?: string): Promise<void> {
    const { FailedEntryCount } = await this.eventBridge.send(
      new PutEventsCommand({
        Entries: [
          {
            EventBusName: 'airline',
            Source: sourceOf(type),
            DetailType: type,
            Detail: JSON.stringify({ metadata, data }),
            TraceHeader,
          },
        ],
      }),
    );
    if (FailedEntryCount) throw new Error(`EventBridge refused ${type}.`);
  }

  /** Puts a message into a service's queue, past the bus. */
  async send(service: string, body: string): Promise<void> {
    await this.sqs.send(new SendMessageCommand({ QueueUrl: await this.queueUrl(service), MessageBody: body }));
  }

  async queueUrl(service: string): Promise<string> {
    return (await this.sqs.send(new GetQueueUrlCommand({ QueueName: `airline-${service}` }))).QueueUrl!;
  }

  /** How many messages of a queue wait or are in flight. A delayed message, such as a hold timer, does not count. */
  async messagesIn(queue: string): Promise<number> {
    const AttributeNames: QueueAttributeName[] = [
      'ApproximateNumberOfMessages',
      'ApproximateNumberOfMessagesNotVisible',
    ];
    const QueueUrl = await this.queueUrl(queue);
    const { Attributes = {} } = await this.sqs.send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames }));
    return Object.values(Attributes).reduce((sum, count) => sum + Number(count), 0);
  }

  /** The messages of all services that wait or are being handled. */
  async unhandled(): Promise<number> {
    const services = ['bookings', 'seats', 'payments', 'receipts', 'status'];
    const counts = await Promise.all(services.map((service) => this.messagesIn(service)));
    return counts.reduce((sum, count) => sum + count, 0);
  }

  /**
   * Runs `pnpm reconcile`.
   * @param inFlight with the default nothing counts as in flight, so the verdict does not depend on the machine's speed
   */
  async reconcile(inFlight = '0s'): Promise<{ code: number | null; report: Report }> {
    const { code, stdout, stderr } = await this.command('reconcile', '--json', '--in-flight', inFlight);
    if (stdout === '') throw new Error(stderr);
    return { code, report: JSON.parse(stdout) as Report };
  }

  /** Asks the front door. @throws Error when the answer is not as docs/openapi.yaml says */
  async fetch(path: string, init?: RequestInit): Promise<Response> {
    const url = `${this.#place.frontDoor}${path}`;
    const answer = await fetchLocalhost(url, init);
    await expectDocumented(path, new Request(url, init), answer.clone());
    return answer;
  }

  async get<T>(path: string): Promise<T> {
    return (await (await this.fetch(path)).json()) as T;
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

  async seat(flightId: string, seat: string): Promise<SeatState> {
    return (await this.seatMap(flightId)).get(seat)!;
  }

  async seatMap(flightId: string): Promise<Map<string, SeatState>> {
    const { seats } = await this.get<SeatMap>(`/flights/${flightId}/seats`);
    return new Map(seats.map(({ seat, state }) => [seat, state]));
  }

  /** The mails to one passenger. */
  async mailsTo(email: string): Promise<Mail[]> {
    return (await this.#place.mails()).filter((mail) => mail.to.some((to) => to.includes(email)));
  }

  /** Lets the consumer of a service poll its queue, or not, by Lambda's API of the local cloud. */
  async setConsumer(service: string, Enabled: boolean): Promise<void> {
    const path = `${this.#place.clientConfig.endpoint}/2015-03-31/event-source-mappings/`;
    const listed = (await (await fetch(path)).json()) as { EventSourceMappings: Record<string, string>[] };
    const mapping = listed.EventSourceMappings.find(({ EventSourceArn }) =>
      EventSourceArn!.endsWith(`:airline-${service}`),
    );
    const answer = await fetch(`${path}${mapping!.UUID}`, { method: 'PUT', body: JSON.stringify({ Enabled }) });
    if (!answer.ok) throw new Error(`The consumer of ${service} could not be changed: ${await answer.text()}`);
  }

  /** All items of a service's table. */
  async itemsOf(service: string): Promise<Item[]> {
    return this.#onTable(async (client) => {
      const items: Item[] = [];
      for await (const page of paginateScan({ client }, { TableName: `airline-${service}` }))
        items.push(...(page.Items ?? []));
      return items;
    });
  }

  /** Replaces all items of a service's table, as if it had been restored. */
  async restoreTable(service: string, items: readonly Item[]): Promise<void> {
    const TableName = `airline-${service}`;
    const lost = await this.itemsOf(service);
    await this.#onTable(async (client) => {
      for (const { pk, sk } of lost) await client.send(new DeleteItemCommand({ TableName, Key: { pk: pk!, sk: sk! } }));
      for (const Item of items) await client.send(new PutItemCommand({ TableName, Item }));
    });
  }

  async #onTable<T>(use: (client: DynamoDBClient) => Promise<T>): Promise<T> {
    const client = new DynamoDBClient(this.#place.clientConfig);
    return use(client).finally(() => client.destroy());
  }

  /** The amount that the payment provider captured for a booking less its refunds, in minor units, and its charges. */
  async charged(bookingId: string): Promise<{ net: number; charges: number }> {
    return (await this.allCharged()).get(bookingId) ?? { net: 0, charges: 0 };
  }

  /** The same of all bookings that were charged. */
  async allCharged(): Promise<Map<string, { net: number; charges: number }>> {
    const charged = new Map<string, { net: number; charges: number }>();
    for (const { metadata, paid, ...charge } of await this.#listAll<{
      amount_captured: number;
      amount_refunded: number;
      paid: boolean;
      metadata: { bookingId?: string };
    }>('/v1/charges')) {
      if (!paid || metadata.bookingId === undefined) continue;
      const { net, charges } = charged.get(metadata.bookingId) ?? { net: 0, charges: 0 };
      const kept = charge.amount_captured - charge.amount_refunded;
      charged.set(metadata.bookingId, { net: net + kept, charges: charges + 1 });
    }
    return charged;
  }

  async #listAll<T>(path: string): Promise<T[]> {
    const all: T[] = [];
    for (let after = ''; ;) {
      const response = await fetch(
        `${this.#place.paymentProvider}${path}?limit=100${after && `&starting_after=${after}`}`,
        {
          headers: { authorization: 'Bearer sk_test_local' },
        },
      );
      const { data, has_more: more } = (await response.json()) as { data: (T & { id: string })[]; has_more: boolean };
      all.push(...data);
      if (!more) return all;
      after = data[data.length - 1]!.id;
    }
  }
}

function suiteName(): string {
  return basename(expect.getState().testPath!, '.test.ts');
}

/** A working system meets any condition in this time, on a busy machine too. It is less than jest's limit of a test. */
const patienceMilliseconds = 240_000;

/** Waits for a condition. @throws Error when it is not met in time */
export async function until(what: string, condition: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + patienceMilliseconds;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error(`Waited in vain until ${what}.`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

export type BookingRequest = EventData<'BookingRequested'>;

/** A customer who books seats of one flight. Each request without a seat gets a seat that no request had before. */
export class Customer {
  readonly flight: Flight;
  readonly fare: { amountMinor: number; currency: string };
  readonly #seats: string[];

  constructor(flight: Flight) {
    this.flight = flight;
    const { rows, letters, fare } = flight.cabins[1]!;
    this.fare = fare;
    this.#seats = Array.from({ length: rows.last - rows.first + 1 }, (_, row) =>
      letters.map((letter) => `${rows.first + row}${letter}`),
    ).flat();
  }

  freeSeat(): string {
    return this.#seats.shift()!;
  }

  /** A request with a mail address of its own. */
  request(overrides: Partial<BookingRequest> = {}): BookingRequest {
    const bookingId = randomUUID();
    return {
      bookingId,
      flightId: this.flight.flightId,
      seats: [this.freeSeat()],
      passenger: { name: 'Ada Lovelace', email: `${bookingId}@example.com` },
      payment: { method: 'pm_card_visa', ...this.fare },
      ...overrides,
    };
  }
}

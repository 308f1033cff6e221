import { GetQueueAttributesCommand } from '@aws-sdk/client-sqs';
import type { ChaosOptions, ChaosReport } from '@airline/local-cloud/chaos/chaos';
import { createPublisher } from '@airline/messaging/publish';
import type { BookingStatus } from '../airline/follow-booking.ts';
import { listFlights } from '../airline/list-flights.ts';
import { loadFlights } from '../airline/load-flights.ts';
import type { Flight } from '../airline/schedule.ts';
import { jsonOf, type LocalPorts, openTarget } from '../airline/target.ts';
import { UsageError } from '../cli/usage-error.ts';
import { countMessages, deadLetterQueues } from '../dead-letters/dead-letters.ts';
import { eventOf, type FreeSeat, type PlannedBooking } from './chaos-bookings.ts';

/** The subjects of the mails that were sent to an address. */
export type MailsByAddress = Map<string, string[]>;

/** An airline on a local cloud that was started with `--chaos`. */
export interface ChaosAirline {
  control(change: { enabled: boolean } & Partial<ChaosOptions>): Promise<ChaosReport>;
  report(): Promise<ChaosReport>;
  /** Puts flights on sale. Faults must be disabled, since they would refuse some of them. */
  load(flights: readonly Flight[]): Promise<void>;
  /** `count` free seats or some more, or all if there are fewer: first those of the flights of `carrier`. */
  freeSeats(count: number, carrier: string): Promise<FreeSeat[]>;
  /**
   * Publishes the events of a plan, each until EventBridge accepts it.
   * @param backlog publishing pauses while so many messages or more wait in the queues
   */
  publish(plan: readonly PlannedBooking[], backlog: number, onProgress: (bookings: number) => void): Promise<void>;
  /** Waits until every outage is over and the queues are empty. For the queues it waits at most 30 seconds. */
  drained(): Promise<void>;
  /** Waits until the queues have been empty for five seconds. Delayed messages (hold timers) do not count. */
  quiet(): Promise<void>;
  unsettledAmong(bookingIds: readonly string[]): Promise<string[]>;
  /** By bookingId, without the bookings that the status service does not know. */
  statuses(bookingIds: readonly string[]): Promise<Map<string, BookingStatus>>;
  /** The number of dead letters, by service, without services that have none. */
  deadLetters(): Promise<Map<string, number>>;
  mailsByAddress(): Promise<MailsByAddress>;
}

const bookingsAtOnce = 5;
const readsAtOnce = 8;
/** EventBridge pauses between its retries of a delivery, so an empty queue may still get messages. */
const quietMilliseconds = 5000;
const pollMilliseconds = 250;
/** Messages that faults delay for longer than this are handled after the faults have stopped. */
const longestDrainMilliseconds = 30_000;

/** The airline on these ports, by its public endpoints. */
export function createChaosAirline(ports: LocalPorts): ChaosAirline {
  const target = openTarget('local', ports);
  const endpoint = `http://localhost:${ports.awsPort}`;

  async function control(init?: RequestInit): Promise<ChaosReport> {
    const response = await fetch(`${endpoint}/_local/chaos`, init).catch((cause: unknown) => {
      throw new UsageError(`No local cloud answers on ${endpoint}.`, { cause });
    });
    return jsonOf<ChaosReport>(response);
  }

  /** The number of messages in the queues of all services, in the states of these attributes. */
  async function countQueued(
    ...attributes: ('ApproximateNumberOfMessages' | 'ApproximateNumberOfMessagesNotVisible')[]
  ): Promise<number> {
    const urls = [...(await target.parameters())].flatMap(([name, value]) =>
      name.endsWith('/queue-url') ? [value] : [],
    );
    const counts = await Promise.all(
      urls.map(async (QueueUrl) => {
        const { Attributes = {} } = await target.sqs.send(
          new GetQueueAttributesCommand({ QueueUrl, AttributeNames: attributes }),
        );
        return attributes.reduce((sum, name) => sum + Number(Attributes[name] ?? 0), 0);
      }),
    );
    return counts.reduce((sum, count) => sum + count, 0);
  }

  async function statuses(bookingIds: readonly string[]): Promise<Map<string, BookingStatus>> {
    const found = new Map<string, BookingStatus>();
    const waiting = [...bookingIds];
    const reader = async (): Promise<void> => {
      for (let id = waiting.pop(); id !== undefined; id = waiting.pop()) {
        const response = await untilAnswered(() => target.fetch(`/bookings/${id}`));
        if (response.status !== 404) found.set(id, await jsonOf<BookingStatus>(response));
      }
    };
    await Promise.all(Array.from({ length: readsAtOnce }, reader));
    return found;
  }

  return {
    control: (change) => control({ method: 'POST', body: JSON.stringify(change) }),
    report: () => control(),
    statuses,

    load: (flights) => loadFlights(target, flights),

    async freeSeats(count, carrier) {
      const flights = await listFlights({ fetch: (path) => untilAnswered(() => target.fetch(path)) });
      const isOf = (flight: Flight): number => (flight.carrier === carrier ? 0 : 1);
      const free: FreeSeat[] = [];
      for (const { flightId } of flights.toSorted((a, b) => isOf(a) - isOf(b))) {
        if (free.length >= count) break;
        const { seats } = await jsonOf<{ seats: (FreeSeat & { state: string })[] }>(
          await untilAnswered(() => target.fetch(`/flights/${flightId}/seats`)),
        );
        free.push(...seats.filter(({ state }) => state === 'free').map(({ seat, fare }) => ({ flightId, seat, fare })));
      }
      return free;
    },

    async publish(plan, backlog, onProgress) {
      const publish = createPublisher({
        client: target.eventBridge,
        busName: (await target.parameters()).get('bus/name')!,
      });
      const askedAt = new Map<PlannedBooking, number>();
      const publications = plan.flatMap((booking) =>
        booking.publications.map((publication) => ({ ...publication, booking })),
      );
      publications.sort((a, b) => a.turn - b.turn);
      for (let turn = 0; publications.length > 0; turn += bookingsAtOnce) {
        while ((await countQueued('ApproximateNumberOfMessages')) >= backlog) await pause(pollMilliseconds);
        const due = publications.filter((publication) => publication.turn < turn + bookingsAtOnce);
        publications.splice(0, due.length);
        let events = due.map(({ type, booking }) => {
          if (!askedAt.has(booking)) askedAt.set(booking, Date.now());
          return eventOf(type, booking, askedAt.get(booking)!);
        });
        // Chaos may refuse an event more often than the publisher retries. An unpublished request would be no booking.
        while (events.length > 0) {
          const failures = await publish(events);
          events = events.filter((_, index) => failures[index]);
        }
        onProgress(Math.min(plan.length, turn + bookingsAtOnce));
      }
    },

    async drained() {
      const end = Date.now() + longestDrainMilliseconds;
      while (
        (await control()).outageSecondsLeft > 0 ||
        ((await countQueued('ApproximateNumberOfMessages')) > 0 && Date.now() < end)
      ) {
        await pause(pollMilliseconds);
      }
    },

    async quiet() {
      let quietSince = Date.now();
      while (Date.now() - quietSince < quietMilliseconds) {
        await pause(pollMilliseconds);
        if ((await countQueued('ApproximateNumberOfMessages', 'ApproximateNumberOfMessagesNotVisible')) > 0)
          quietSince = Date.now();
      }
    },

    async unsettledAmong(bookingIds) {
      const found = await statuses(bookingIds);
      return bookingIds.filter((id) => !found.get(id)?.settled);
    },

    async deadLetters() {
      const stuck = new Map<string, number>();
      for (const queue of await deadLetterQueues(target)) {
        const count = await countMessages(target, queue);
        if (count > 0) stuck.set(queue.service, (stuck.get(queue.service) ?? 0) + count);
      }
      return stuck;
    },

    async mailsByAddress() {
      const { emails } = (await (await fetch(`${endpoint}/store`)).json()) as {
        emails: { destination: { to: string[] }; subject: string }[];
      };
      const mails: MailsByAddress = new Map();
      for (const { destination, subject } of emails) {
        // The display name before the address may contain anything.
        const address = /([^\s<]+@[^\s>]+)>?$/.exec(destination.to[0] ?? '')?.[1] ?? '';
        mails.set(address, [...(mails.get(address) ?? []), subject]);
      }
      return mails;
    },
  };
}

/** Repeats a request that fails because chaos killed the function which handled it. */
async function untilAnswered(ask: () => Promise<Response>): Promise<Response> {
  for (;;) {
    const response = await ask();
    if (response.status < 500) return response;
  }
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

import { GetQueueAttributesCommand } from '@aws-sdk/client-sqs';
import type { ChaosOptions, ChaosReport } from '@airline/local-cloud/chaos/chaos';
import { createPublisher } from '@airline/messaging/publish';
import { eventOf, type FreeSeat, type PlannedBooking } from './chaos-bookings.ts';
import { countMessages, deadLetterQueues } from '../dead-letters/dead-letters.ts';
import type { BookingStatus } from '../airline/follow-booking.ts';
import type { Flight } from '../airline/schedule.ts';
import { jsonOf, type LocalPorts, openTarget } from '../airline/target.ts';
import { UsageError } from '../cli/usage-error.ts';

/** Subjects of the mails that an address got. */
export type MailsByAddress = Map<string, string[]>;

export interface ChaosRun {
  control(change: { enabled: boolean } & Partial<ChaosOptions>): Promise<ChaosReport>;
  report(): Promise<ChaosReport>;
  /** At least `count` seats that nobody has, three times as many if there are. */
  freeSeats(count: number): Promise<FreeSeat[]>;
  /** Publishes until EventBridge has taken everything, and only while the queues keep up. */
  publish(plan: readonly PlannedBooking[], backlog: number, onProgress: (bookings: number) => void): Promise<void>;
  /** Resolves when nothing waits in the queues, or nearly, and every outage is over. */
  drained(): Promise<void>;
  /** Resolves when no service has a message to handle any more, timers aside. */
  quiet(): Promise<void>;
  unsettledAmong(bookingIds: readonly string[]): Promise<string[]>;
  /** By booking; none where the status service has not heard of it. */
  statuses(bookingIds: readonly string[]): Promise<Map<string, BookingStatus>>;
  /** By service, where there are any. */
  deadLetters(): Promise<Map<string, number>>;
  mailsByAddress(): Promise<MailsByAddress>;
}

const bookingsAtOnce = 5;
const readsAtOnce = 8;
/** EventBridge's own retries can leave a gap between two messages; it doubles its pauses. */
const quietMilliseconds = 5000;
const pollMilliseconds = 250;
/** With faults it can take its time; what is left is done without. */
const longestDrainMilliseconds = 30_000;

/** What `pnpm chaos` does to a local cloud, through the addresses that everybody has. */
export function createChaosRun(ports: LocalPorts): ChaosRun {
  const target = openTarget('local', ports);
  const endpoint = `http://localhost:${ports.awsPort}`;

  async function control(init?: RequestInit): Promise<ChaosReport> {
    const response = await fetch(`${endpoint}/_local/chaos`, init).catch((cause: unknown) => {
      throw new UsageError(`No local cloud answers on ${endpoint}.`, { cause });
    });
    return jsonOf<ChaosReport>(response);
  }

  /** Messages that wait or are being handled, over the queues of all services. */
  async function messages(
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
        const response = await target.fetch(`/bookings/${id}`);
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

    async freeSeats(count) {
      const { flights } = await jsonOf<{ flights: Flight[] }>(await untilAnswered(() => target.fetch('/flights')));
      const free: FreeSeat[] = [];
      for (const { flightId } of flights) {
        if (free.length >= 3 * count) break;
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
        while ((await messages('ApproximateNumberOfMessages')) >= backlog) await pause(pollMilliseconds);
        const due = publications.filter((publication) => publication.turn < turn + bookingsAtOnce);
        publications.splice(0, due.length);
        let events = due.map(({ type, booking }) => {
          if (!askedAt.has(booking)) askedAt.set(booking, Date.now());
          return eventOf(type, booking, askedAt.get(booking)!);
        });
        // What is refused three times is refused by chaos: a producer that gives up would not have booked.
        while (events.length > 0) {
          const outcomes = await publish(events);
          events = events.filter((_, index) => outcomes[index]);
        }
        onProgress(Math.min(plan.length, turn + bookingsAtOnce));
      }
    },

    async drained() {
      const end = Date.now() + longestDrainMilliseconds;
      while (
        (await control()).outageSecondsLeft > 0 ||
        ((await messages('ApproximateNumberOfMessages')) > 0 && Date.now() < end)
      ) {
        await pause(pollMilliseconds);
      }
    },

    async quiet() {
      let quietSince = Date.now();
      while (Date.now() - quietSince < quietMilliseconds) {
        await pause(pollMilliseconds);
        if ((await messages('ApproximateNumberOfMessages', 'ApproximateNumberOfMessagesNotVisible')) > 0)
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
        const address = /[^\s<"]+@[^\s>"]+/.exec(destination.to[0] ?? '')?.[0] ?? '';
        mails.set(address, [...(mails.get(address) ?? []), subject]);
      }
      return mails;
    },
  };
}

/** A function may be killed under a request as well. */
async function untilAnswered(ask: () => Promise<Response>): Promise<Response> {
  for (;;) {
    const response = await ask();
    if (response.status < 500) return response;
  }
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

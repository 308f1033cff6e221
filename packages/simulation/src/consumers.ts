import type { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { type Consumer, createConsumer, type Handlers } from '@airline/messaging/consume';
import type { Once } from '@airline/messaging/once';
import { createPublisher, type Publish } from '@airline/messaging/publish';
import { createRetryBackoff } from '@airline/messaging/retry-backoff';
import { createSendToSelf } from '@airline/messaging/self-addressed';
import { createHandlers as createPaymentsHandlers } from '@airline/payments/src/handlers.ts';
import type { PaymentProvider } from '@airline/payments/src/payment-provider.ts';
import type { PaymentStore } from '@airline/payments/src/payment-store.ts';
import { createHandlers as createReceiptsHandlers } from '@airline/receipts/src/handlers.ts';
import type { Mail, Mailer } from '@airline/receipts/src/mailer.ts';
import type { ReceiptStore } from '@airline/receipts/src/receipt-store.ts';
import { createHandlers as createSeatsHandlers } from '@airline/seats/src/handlers.ts';
import { bookingOf, createHoldTimer, type HoldTimer } from '@airline/seats/src/hold-timer.ts';
import type { SeatStore } from '@airline/seats/src/seat-store.ts';
import type { FactStore } from '@airline/status/src/fact-store.ts';
import { createHandlers as createStatusHandlers } from '@airline/status/src/handlers.ts';
import type { ChangeMessageVisibilityCommand, SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import type { Context, SQSRecord } from 'aws-lambda';
import { functionTimeouts } from './bus.ts';
import type { Oracle } from './oracle.ts';
import type { Run } from './run.ts';
import { createSimulatedOnce, type OnceItem } from './simulated-once.ts';
import type { Message } from './simulated-queue.ts';
import { mailKinds, type World } from './world.ts';

type EventBridge = Pick<EventBridgeClient, 'send'>;

export interface BusEntry {
  source: string;
  detailType: string;
  detail: string;
}

/** A bug, planted by putting something faulty between a service and its ports. Product code stays as it is. */
export interface Plant {
  seatStore?: (store: SeatStore, place: Place) => SeatStore;
  holdTimer?: (timer: HoldTimer, place: Place) => HoldTimer;
  paymentStore?: (store: PaymentStore, place: Place) => PaymentStore;
  provider?: (provider: PaymentProvider, place: Place) => PaymentProvider;
  receiptStore?: (store: ReceiptStore, place: Place) => ReceiptStore;
  mailGuard?: (once: Once, place: Place) => Once;
  factStore?: (store: FactStore, place: Place) => FactStore;
  eventBridge?: (client: EventBridge, place: Place) => EventBridge;
  publish?: (publish: Publish, place: Place) => Publish;
  handlers?: (handlers: Handlers, place: Place) => Handlers;
  consumer?: (consumer: Consumer, place: Place) => Consumer;
  /** The operator's redrive deletes a message before it is safely back. */
  redriveDeletesFirst?: boolean;
}

/** Where a run works. */
export interface Place {
  world: World;
  run: Run;
  bus: (entry: BusEntry) => void;
  isTimeless: boolean;
  plant: Plant;
  oracle: Oracle;
}

/** How long a request lives that does not say so, and how much longer its hold, as the stacks set them. */
const holdRules = { defaultSeconds: 600, graceSeconds: 60 };

/** Runs a service's real consumer on the messages of a run. @returns when each message that failed is to come again, by its id */
export async function consumerOf(place: Place): Promise<Map<number, number>> {
  const { world, run, isTimeless, plant } = place;
  const queue = world.queues[run.service];
  const retryAt = new Map<number, number>();

  const sqs = {
    send: (command: ChangeMessageVisibilityCommand | SendMessageCommand) => {
      const { input } = command;
      if ('VisibilityTimeout' in input) {
        return run.request(
          'queue.changeVisibility',
          undefined,
          () => void retryAt.set(Number(input.ReceiptHandle), world.now + input.VisibilityTimeout! * 1000),
        );
      }
      const { MessageBody: body, DelaySeconds: delay } = input;
      const bookingId = (JSON.parse(body!) as { detail: { data: { bookingId: string } } }).detail.data.bookingId;
      // Two timers of one booking differ in the time at which they were set, and that means nothing.
      const plain = JSON.stringify({ ...(JSON.parse(body!) as object), time: '2026-12-01T09:00:00.000Z' }).replace(
        /"occurredAt":"[^"]*"/,
        '"occurredAt":"2026-12-01T09:00:00.000Z"',
      );
      return run.request('queue.sendToSelf', bookingId, () =>
        queue.add(world.newMessage(plain, 'HoldExpired', bookingId, world.now + delay! * 1000)),
      );
    },
  } as unknown as SQSClient;

  const eventBridge = {
    send: ({ input }: PutEventsCommand) => {
      const entries = input.Entries!.map(({ Source, DetailType, Detail }) => ({
        source: Source!,
        detailType: DetailType!,
        detail: Detail!,
      }));
      return run.request('bus.putEvents', undefined, (refused) => ({
        FailedEntryCount: refused?.size ?? 0,
        Entries: entries.map((entry, position) => {
          if (refused?.has(position)) return { ErrorCode: 'ThrottlingException', ErrorMessage: 'injected' };
          place.bus(entry);
          return { EventId: 'taken' };
        }),
      }));
    },
  };

  const publisher = createPublisher({
    client: plant.eventBridge?.(eventBridge, place) ?? eventBridge,
    busName: 'airline',
    sleep: () => run.request('publisher.pause', undefined, () => undefined),
  });
  const handlers = handlersOf(place, sqs);
  const consumer = createConsumer({
    handlers: plant.handlers?.(handlers.handlers, place) ?? handlers.handlers,
    selfAddressed: handlers.selfAddressed,
    publish: plant.publish?.(publisher, place) ?? publisher,
    sendToDeadLetters: ({ messageId }, reason) =>
      run.request('deadLetters.send', undefined, () => {
        const message = run.messages.find(({ id }) => String(id) === messageId)!;
        queue.deadLetters.push({ ...world.copyOf(message, world.now), reason });
      }),
    ...(!isTimeless && { delayRetry: createRetryBackoff({ client: sqs, queueUrl: run.service, random: () => 0.5 }) }),
    logger: {
      info: () => undefined,
      error: () => undefined,
      warn: (_message, ...details) => place.oracle.onFailure(run, (details[0] as { error: Error }).error),
    },
  });
  const { batchItemFailures } = await (plant.consumer?.(consumer, place) ?? consumer)(
    { Records: run.messages.map(toRecord) },
    {} as Context,
  );
  const latest = isTimeless ? world.now : run.startedAt + 6 * functionTimeouts[run.service];
  return new Map(
    batchItemFailures.map(({ itemIdentifier }) => [
      Number(itemIdentifier),
      retryAt.get(Number(itemIdentifier)) ?? latest,
    ]),
  );
}

interface ServiceHandlers {
  handlers: Handlers;
  selfAddressed: NonNullable<Parameters<typeof createConsumer>[0]['selfAddressed']>;
}

/** A service's real handlers; each of their ports asks the simulation first. */
function handlersOf(place: Place, sqs: SQSClient): ServiceHandlers {
  const { world, run, plant } = place;
  const now = (): Date => {
    if (place.isTimeless) run.history += `|${world.now}`;
    return new Date(world.now + run.skew);
  };
  switch (run.service) {
    case 'seats': {
      const store = run.intercept<SeatStore>('seatStore', world.seatStore);
      const timer = createHoldTimer({ sendToSelf: createSendToSelf({ client: sqs, queueUrl: 'seats' }), now });
      const { HoldExpired, ...handlers } = createSeatsHandlers({
        store: plant.seatStore?.(store, place) ?? store,
        holdTimer: plant.holdTimer?.(timer, place) ?? timer,
        holdRules,
        now,
        reportImpossible: (event, record) => {
          world.impossible.push(`${event.type} of ${world.nameOf(event.metadata.correlationId)} found ${record.state}`);
        },
      });
      return { handlers, selfAddressed: { HoldExpired: async (message) => HoldExpired(bookingOf(message)) } };
    }
    case 'payments': {
      const store = run.intercept<PaymentStore>('paymentStore', world.paymentStore);
      const provider = run.intercept<PaymentProvider>('provider', world.provider);
      const handlers = createPaymentsHandlers({
        store: plant.paymentStore?.(store, place) ?? store,
        provider: plant.provider?.(provider, place) ?? provider,
        once: onceOf(place, world.onceItems.payments),
        now,
      });
      return { handlers, selfAddressed: {} };
    }
    case 'receipts': {
      const store = run.intercept<ReceiptStore>('receiptStore', world.receiptStore);
      const once = onceOf(place, world.onceItems.receipts);
      const handlers = createReceiptsHandlers({
        store: plant.receiptStore?.(store, place) ?? store,
        mailer: mailerOf(place),
        once: plant.mailGuard?.(once, place) ?? once,
        now,
      });
      return { handlers, selfAddressed: {} };
    }
    case 'status': {
      const store = run.intercept<FactStore>('factStore', world.factStore);
      return {
        handlers: createStatusHandlers({ store: plant.factStore?.(store, place) ?? store, now }),
        selfAddressed: {},
      };
    }
  }
}

function mailerOf({ world, run }: Place): Mailer {
  return {
    send: async (mail: Mail) => {
      const bookingId = world.bookings.find(({ request }) => mail.text.includes(request.bookingId))?.request.bookingId;
      const kind = mailKinds.find((word) => mail.subject.startsWith(`${word} `));
      if (bookingId === undefined || !kind)
        throw new Error(`A mail of no known kind, or of no booking: ${mail.subject}`);
      return run.request('mailer.send', bookingId, () => {
        world.mails.push({ bookingId, kind });
        return { messageId: `mail-${world.mails.length}` };
      });
    },
  };
}

function onceOf({ world, run, isTimeless }: Place, items: Map<string, OnceItem>): Once {
  const isExpired = (item: OnceItem): boolean =>
    item.state === 'in-progress' && (isTimeless ? item.owner.state !== 'live' : item.expiresAt < world.now);
  return createSimulatedOnce(run, items, isExpired, run.startedAt + functionTimeouts[run.service]);
}

function toRecord({ id, body, receiveCount }: Message): SQSRecord {
  return {
    messageId: String(id),
    receiptHandle: String(id),
    body,
    attributes: {
      ApproximateReceiveCount: String(receiveCount),
      ApproximateFirstReceiveTimestamp: '0',
      SentTimestamp: '0',
      SenderId: '',
    },
    messageAttributes: {},
    md5OfBody: '',
    eventSource: 'aws:sqs',
    eventSourceARN: '',
    awsRegion: '',
  };
}

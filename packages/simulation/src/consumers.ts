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

/** A bug that is planted by a faulty wrapper around a port of a service. Product code is not changed. */
export interface PlantedBug {
  seatStore?: (store: SeatStore, context: RunContext) => SeatStore;
  holdTimer?: (timer: HoldTimer, context: RunContext) => HoldTimer;
  paymentStore?: (store: PaymentStore, context: RunContext) => PaymentStore;
  provider?: (provider: PaymentProvider, context: RunContext) => PaymentProvider;
  receiptStore?: (store: ReceiptStore, context: RunContext) => ReceiptStore;
  mailGuard?: (once: Once, context: RunContext) => Once;
  factStore?: (store: FactStore, context: RunContext) => FactStore;
  eventBridge?: (client: EventBridge, context: RunContext) => EventBridge;
  publish?: (publish: Publish, context: RunContext) => Publish;
  handlers?: (handlers: Handlers, context: RunContext) => Handlers;
  consumer?: (consumer: Consumer, context: RunContext) => Consumer;
  /** Whether the operator's redrive deletes a dead letter before it sends the message to the queue. */
  redriveDeletesFirst?: boolean;
}

/** A run and its environment. */
export interface RunContext {
  world: World;
  run: Run;
  bus: (entry: BusEntry) => void;
  isTimeless: boolean;
  plant: PlantedBug;
  oracle: Oracle;
}

/** How long holds last: the values of the stacks. */
const holdRules = { defaultSeconds: 600, graceSeconds: 60, maximumSeconds: 86_400 };

/**
 * Runs a service's real consumer with the messages of a run.
 * @returns for each failed message id, the time of its redelivery in milliseconds since the epoch
 */
export async function runConsumer(context: RunContext): Promise<Map<number, number>> {
  const { world, run, isTimeless, plant } = context;
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
      // Two timers of one booking differ only in the time at which they were set, which has no effect on the handlers.
      const plain = JSON.stringify({ ...(JSON.parse(body!) as object), time: '2026-12-01T09:00:00.000Z' }).replace(
        /"occurredAt":"[^"]*"/,
        '"occurredAt":"2026-12-01T09:00:00.000Z"',
      );
      const { time } = JSON.parse(body!) as { time: string };
      return run.request('queue.sendToSelf', bookingId, () => {
        // Without a clock the request may take any time. The timer is due as if it had taken none, so a search whose
        // last time is after the end of all holds leaves no timer behind.
        const sentAt = isTimeless ? Date.parse(time) : world.now;
        queue.add(world.newMessage(plain, 'HoldExpired', bookingId, sentAt + delay! * 1000));
      });
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
          context.bus(entry);
          return { EventId: 'taken' };
        }),
      }));
    },
  };

  const publisher = createPublisher({
    client: plant.eventBridge?.(eventBridge, context) ?? eventBridge,
    busName: 'airline',
    sleep: () => run.request('publisher.pause', undefined, () => undefined),
  });
  const handlers = createHandlers(context, sqs);
  const consumer = createConsumer({
    handlers: plant.handlers?.(handlers.handlers, context) ?? handlers.handlers,
    selfAddressed: handlers.selfAddressed,
    publish: plant.publish?.(publisher, context) ?? publisher,
    now: () => new Date(world.now),
    sendToDeadLetters: ({ messageId }, reason) =>
      run.request('deadLetters.send', undefined, () => {
        const message = run.messages.find(({ id }) => String(id) === messageId)!;
        queue.deadLetters.push({ ...world.copyOf(message, world.now), reason });
      }),
    ...(!isTimeless && { delayRetry: createRetryBackoff({ client: sqs, queueUrl: run.service, random: () => 0.5 }) }),
    logger: {
      info: () => undefined,
      error: () => undefined,
      warn: (_message, ...details) => context.oracle.onFailure(run, (details[0] as { error: Error }).error),
    },
  });
  const { batchItemFailures } = await (plant.consumer?.(consumer, context) ?? consumer)(
    { Records: run.messages.map(toRecord) },
    // The world's clock decides when a run is too slow, not the time that the simulation takes.
    { getRemainingTimeInMillis: () => Infinity } as Context,
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

/** A service's real handlers. Each call on their ports is a request of the run. */
function createHandlers(context: RunContext, sqs: SQSClient): ServiceHandlers {
  const { world, run, plant } = context;
  const now = (): Date => {
    if (context.isTimeless) run.history += `|${world.now}`;
    return new Date(world.now + run.skew);
  };
  switch (run.service) {
    case 'seats': {
      const store = run.intercept<SeatStore>('seatStore', world.seatStore);
      const timer = createHoldTimer({ sendToSelf: createSendToSelf({ client: sqs, queueUrl: 'seats' }), now });
      const { HoldExpired, ...handlers } = createSeatsHandlers({
        store: plant.seatStore?.(store, context) ?? store,
        holdTimer: plant.holdTimer?.(timer, context) ?? timer,
        holdRules,
        now,
        reportImpossible: (event, record) => {
          // Two requests with one bookingId and other money: payments charged the one, and seats answered the other.
          const requests = world.bookingOf(event.metadata.correlationId)?.requests ?? [];
          const moneys = new Set(requests.map(({ payment }) => `${payment.amountMinor} ${payment.currency}`));
          if (event.type === 'PaymentOk' && moneys.size > 1) return;
          world.impossible.push(`${event.type} of ${world.nameOf(event.metadata.correlationId)} found ${record.state}`);
        },
      });
      return { handlers, selfAddressed: { HoldExpired: async (message) => HoldExpired(bookingOf(message)) } };
    }
    case 'payments': {
      const store = run.intercept<PaymentStore>('paymentStore', world.paymentStore);
      const provider = run.intercept<PaymentProvider>('provider', world.provider);
      const handlers = createPaymentsHandlers({
        store: plant.paymentStore?.(store, context) ?? store,
        provider: plant.provider?.(provider, context) ?? provider,
        once: createOnce(context, world.onceItems.payments),
        now,
      });
      return { handlers, selfAddressed: {} };
    }
    case 'receipts': {
      const store = run.intercept<ReceiptStore>('receiptStore', world.receiptStore);
      const once = createOnce(context, world.onceItems.receipts);
      const handlers = createReceiptsHandlers({
        store: plant.receiptStore?.(store, context) ?? store,
        mailer: createMailer(context),
        once: plant.mailGuard?.(once, context) ?? once,
        now,
      });
      return { handlers, selfAddressed: {} };
    }
    case 'status': {
      const store = run.intercept<FactStore>('factStore', world.factStore);
      return {
        handlers: createStatusHandlers({ store: plant.factStore?.(store, context) ?? store, now }),
        selfAddressed: {},
      };
    }
  }
}

function createMailer({ world, run }: RunContext): Mailer {
  return {
    send: async (mail: Mail) => {
      const bookingId = world.bookings.find(({ request }) => mail.text.includes(request.bookingId))?.request.bookingId;
      const kind = mailKinds.find((word) => mail.subject.startsWith(`${word} `));
      if (bookingId === undefined || !kind)
        throw new Error(`The mail has an unknown kind, or no booking: ${mail.subject}`);
      return run.request('mailer.send', bookingId, () => {
        world.mails.push({ bookingId, kind, to: mail.to.email });
        return { messageId: `mail-${world.mails.length}` };
      });
    },
  };
}

function createOnce({ world, run, isTimeless }: RunContext, items: Map<string, OnceItem>): Once {
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

import type { Delivery } from '@airline/events-schemas/reads';
import type { AirlineEvent, EventType } from '@airline/events-schemas/events';
import type { Handler, Handlers } from '@airline/messaging/consume';
import type { SeatsRecord } from '@airline/seats/src/domain.ts';
import type { Stored } from '@airline/seats/src/seat-store.ts';
import type { PutEventsCommand } from '@aws-sdk/client-eventbridge';
import type { Service } from './bus.ts';
import type { RunContext, PlantedBug } from './consumers.ts';
import { runSeed } from './seeded.ts';

export interface Mutant {
  name: string;
  /** The invariants that may catch it. Any other one would catch it for the wrong reason. */
  caughtBy: readonly string[];
  plant: PlantedBug;
}

/** Bugs that systems of this kind have had. Each is planted between a service and one of its ports. */
export const mutants: readonly Mutant[] = [
  {
    name: 'a seat is claimed without a condition',
    caughtBy: ['one-live-holder'],
    plant: {
      seatStore: (store, { world, run }) => ({
        ...spreadable(store),
        claimSeat: (flightId, seat, bookingId) =>
          run.request('seatStore.claimSeat', bookingId, async () => {
            const { holders } = await world.seatStore.viewRequest({ ...world.bookings[0]!.request, seats: [seat] });
            await world.seatStore.freeSeats(flightId, [seat], holders.get(seat) ?? '');
            return world.seatStore.claimSeat(flightId, seat, bookingId);
          }),
      }),
    },
  },
  {
    name: "seats' record is saved over whatever is there",
    caughtBy: [
      'one-answer',
      'failed-holds-nothing',
      'one-live-holder',
      'everything-settles',
      'event-is-the-same-each-time',
      'confirmed-is-sold',
      'sold-is-paid',
      'settled-stays-settled',
    ],
    plant: {
      seatStore: (store, { world, run }) => ({
        ...spreadable(store),
        save: (bookingId, record) =>
          run.request('seatStore.save', bookingId, async () =>
            world.seatStore.save(bookingId, record, await world.seatStore.load(bookingId)),
          ),
      }),
    },
  },
  {
    name: "payments' record is saved over whatever is there",
    caughtBy: [
      'everything-settles',
      'failed-costs-nothing',
      'event-is-the-same-each-time',
      'refund-is-marked-first',
      'one-answer',
      'failed-payment-never-charged',
      'charge-is-named-first',
    ],
    plant: {
      paymentStore: (store, { world, run }) => ({
        ...spreadable(store),
        save: (bookingId, record) =>
          run.request('paymentStore.save', bookingId, async () =>
            world.paymentStore.save(bookingId, record, await world.paymentStore.load(bookingId)),
          ),
      }),
    },
  },
  {
    name: "seats' tombstone is forgotten",
    caughtBy: ['everything-settles', 'failed-holds-nothing', 'hold-ends', 'sold-is-paid'],
    plant: { seatStore: (store) => withoutSaving(store, ({ state }) => state === 'TOMBSTONE') },
  },
  {
    name: 'SeatUnavailable is not remembered',
    caughtBy: ['one-answer', 'event-is-the-same-each-time', 'duplicates-change-nothing'],
    plant: { seatStore: (store) => withoutSaving(store, ({ state }) => state === 'REFUSED') },
  },
  {
    name: "payments' tombstone is forgotten",
    caughtBy: ['everything-settles', 'failed-costs-nothing'],
    plant: {
      paymentStore: (store) => ({
        ...spreadable(store),
        save: async (bookingId, record, read) =>
          record.state === 'VOID' ? { record, version: (read?.version ?? 0) + 1 } : store.save(bookingId, record, read),
      }),
    },
  },
  {
    name: 'an event gets a random id each time it is published',
    caughtBy: ['event-is-the-same-each-time'],
    plant: {
      publish:
        (publish, { world }) =>
        (events) =>
          publish(
            events.map((event) => ({
              ...event,
              metadata: { ...event.metadata, eventId: `${event.metadata.eventId}.${world.notes.length}` },
            })),
          ),
    },
  },
  {
    name: 'FailedEntryCount is ignored',
    // The loss may show only when all messages are delivered again.
    caughtBy: ['everything-settles', 'status-is-the-fold', 'hold-ends', 'duplicates-change-nothing'],
    plant: {
      eventBridge: (client) => {
        const send = async (command: PutEventsCommand): Promise<unknown> => {
          await client.send(command);
          return { FailedEntryCount: 0, Entries: command.input.Entries!.map(() => ({ EventId: 'taken' })) };
        };
        return { send };
      },
    },
  },
  {
    name: 'the refund comes before its mark',
    caughtBy: ['refund-is-marked-first'],
    plant: {
      paymentStore: (store, { world, run }) => {
        const provider = run.intercept('provider', world.provider);
        return {
          ...spreadable(store),
          save: async (bookingId, record, read) => {
            if (record.state === 'CHARGED' && record.refund && read?.record.state === 'CHARGED') {
              await provider.refund({ bookingId, intentId: record.paymentId, amountMinor: record.payment.amountMinor });
            }
            return store.save(bookingId, record, read);
          },
        };
      },
    },
  },
  {
    name: 'a seat is not freed after a crash between claim and record',
    caughtBy: ['failed-holds-nothing'],
    plant: {
      seatStore: (store) => ({
        ...spreadable(store),
        viewRequest: async (request) => {
          const view = await store.viewRequest(request);
          for (const [seat, holder] of view.holders) if (holder === request.bookingId) view.holders.delete(seat);
          return view;
        },
      }),
    },
  },
  {
    name: 'a released seat is not freed',
    caughtBy: ['failed-holds-nothing', 'one-live-holder'],
    plant: {
      seatStore: (store, { world }) => ({
        ...spreadable(store),
        freeSeats: async (flightId, seats, bookingId) => {
          const record = (await world.seatStore.load(bookingId))?.record;
          if (record?.state !== 'RELEASED') await store.freeSeats(flightId, seats, bookingId);
        },
      }),
    },
  },
  {
    name: 'seats are freed before the record is saved',
    caughtBy: ['one-live-holder'],
    plant: {
      seatStore: (store) => ({
        ...spreadable(store),
        save: async (bookingId, record, read) => {
          if (record.state === 'REFUSED' || record.state === 'RELEASED')
            await store.freeSeats(record.flightId, record.seats, bookingId);
          return store.save(bookingId, record, read);
        },
      }),
    },
  },
  {
    name: 'a message that failed is acknowledged',
    caughtBy: ['everything-settles', 'status-is-the-fold', 'hold-ends'],
    plant: {
      consumer: (consumer) => async (event, context) =>
        consumer(event, context).then(() => ({ batchItemFailures: [] })),
    },
  },
  {
    name: 'the dedup key is written before the work',
    caughtBy: ['everything-settles', 'status-is-the-fold', 'hold-ends'],
    plant: {
      handlers: (handlers, context) =>
        wrapHandlers(handlers, context, async (handle, event, done) => {
          if (done.has(event.metadata.eventId)) return [];
          done.add(event.metadata.eventId);
          return handle(event);
        }),
    },
  },
  {
    name: 'status keeps one fact of each service',
    caughtBy: ['status-is-the-fold', 'settled-stays-settled'],
    plant: {
      factStore: (store) => ({
        ...spreadable(store),
        // Keeps the first fact of each service, and loses the others.
        keep: async (bookingId, fact) => {
          const known = await store.list(bookingId);
          if (known.some(({ type, service }) => service === fact.service && type !== fact.type)) return false;
          return store.keep(bookingId, fact);
        },
      }),
    },
  },
  {
    name: 'the receipt is sent without a guard',
    caughtBy: ['mails-are-sent-once'],
    plant: { mailGuard: () => (_bookingId, _operation, work) => work() },
  },
  {
    name: 'the passenger is not told of the refund',
    caughtBy: ['refund-is-told'],
    plant: {
      mailGuard: (once) => (bookingId, operation, work) =>
        once(
          bookingId,
          operation,
          operation === 'refund-notice' ? async () => ({ issuedAt: '', messageId: '' }) as never : work,
        ),
    },
  },
  {
    name: 'a payment is declared failed when the provider does not answer',
    caughtBy: ['failed-payment-never-charged', 'says-what-is-true'],
    plant: {
      provider: (provider) => ({
        ...spreadable(provider),
        confirm: (intent) =>
          provider.confirm(intent).catch(() => ({ kind: 'declined', declineCode: 'timeout' }) as const),
      }),
    },
  },
  {
    name: 'the hold timer is never set',
    caughtBy: ['hold-ends'],
    plant: { holdTimer: () => ({ set: async () => undefined }) },
  },
  {
    name: 'seats does not compare the amounts',
    caughtBy: ['sold-is-paid'],
    plant: { handlers: takingAnyPayment('seats') },
  },
  {
    name: 'seats forgets the amount of an early payment',
    caughtBy: ['sold-is-paid'],
    plant: {
      seatStore: (store) => ({
        ...spreadable(store),
        viewRequest: async (request) => {
          const view = await store.viewRequest(request);
          const { amountMinor, currency } = request.payment;
          if (view.stored?.record.state === 'PAID_EARLY')
            view.stored.record = { state: 'PAID_EARLY', amountMinor, currency };
          return view;
        },
      }),
    },
  },
  {
    name: 'a losing request leaves its claims',
    caughtBy: ['failed-holds-nothing', 'confirmed-is-sold'],
    plant: {
      seatStore: (store, { world }) => ({
        ...spreadable(store),
        freeSeats: async (flightId, seats, bookingId) => {
          const record = (await world.seatStore.load(bookingId))?.record;
          const isOther = record && 'seats' in record && !seats.every((seat) => record.seats.includes(seat));
          if (!isOther) await store.freeSeats(flightId, seats, bookingId);
        },
      }),
    },
  },
  {
    name: 'receipts does not compare the amounts',
    caughtBy: ['yeses-name-one-amount'],
    plant: { handlers: takingAnyPayment('receipts') },
  },
  {
    name: 'status does not compare the amounts',
    caughtBy: ['yeses-name-one-amount'],
    plant: { handlers: takingAnyPayment('status') },
  },
  {
    name: 'receipts does not ask which request was sold',
    // The request that was sold may also be rejected for good, and then no receipt is sent.
    caughtBy: ['shows-what-was-sold', 'everything-settles'],
    plant: {
      receiptStore: (store) => ({
        ...spreadable(store),
        load: async (bookingId) => {
          const stored = await store.load(bookingId);
          const { BookingRequested: first, SeatBooked: sold } = stored?.record.facts ?? {};
          if (first && sold) Object.assign(first, sold);
          return stored;
        },
      }),
    },
  },
  {
    name: 'an unknown flight is refused at once',
    caughtBy: ['early-is-no-answer'],
    plant: {
      handlers: (handlers) => ({
        ...handlers,
        ...(handlers.BookingRequested && {
          BookingRequested: (event) => handlers.BookingRequested!(event, { receiveCount: 5 }),
        }),
      }),
    },
  },
  {
    name: 'a redrive deletes before it sends',
    // The loss may show only when all messages are delivered again.
    caughtBy: ['everything-settles', 'status-is-the-fold', 'hold-ends', 'duplicates-change-nothing'],
    plant: { redriveDeletesFirst: true },
  },
];

export interface MutantResult {
  name: string;
  /** The invariant that caught it, and the number of seeds until then. */
  caught?: { by: string; seeds: number; isExpected: boolean; message: string };
}

/** Runs seeds until an invariant catches the mutant. */
export async function huntMutant(
  { name, plant, caughtBy }: Mutant,
  { seeds, bookings }: { seeds: number; bookings: number },
): Promise<MutantResult> {
  for (let seed = 1; seed <= seeds; seed++) {
    const { violation } = await runSeed({ seed, bookings, plant });
    if (!violation) continue;
    return {
      name,
      caught: {
        by: violation.invariant,
        seeds: seed,
        isExpected: caughtBy.includes(violation.invariant),
        message: violation.message,
      },
    };
  }
  return { name };
}

/** Makes the methods of a port spreadable: an intercepted port is a Proxy, and has no own methods. */
function spreadable<T extends object>(port: T): T {
  return new Proxy(port, {
    ownKeys: (target) => Reflect.ownKeys(target),
    getOwnPropertyDescriptor: (target, name) => {
      return { configurable: true, enumerable: true, writable: true, value: Reflect.get(target, name) as unknown };
    },
  });
}

function withoutSaving<
  S extends { save: (bookingId: string, record: SeatsRecord, read: Stored | undefined) => Promise<boolean> },
>(store: S, forgets: (record: SeatsRecord) => boolean): S {
  return {
    ...spreadable(store),
    save: async (bookingId: string, record: SeatsRecord, read: Stored | undefined) =>
      forgets(record) || store.save(bookingId, record, read),
  };
}

/** A service that takes any `PaymentOk` for the booking's payment: it reads the money that seats answered. */
function takingAnyPayment(service: Service): NonNullable<PlantedBug['handlers']> {
  return (handlers, context) =>
    wrapHandlers(handlers, context, async (handle, event) => {
      if (context.run.service !== service || event.type !== 'PaymentOk') return handle(event);
      const record = (await context.world.seatStore.load(event.data.bookingId))?.record;
      if (!record || !('amountMinor' in record)) return handle(event);
      const { amountMinor, currency } = record;
      return handle({ ...event, data: { ...event.data, amountMinor, currency } });
    });
}

function wrapHandlers(
  handlers: Handlers,
  { world, run }: RunContext,
  around: (
    handle: (event: AirlineEvent) => ReturnType<Handler<EventType>>,
    event: AirlineEvent,
    done: Set<string>,
  ) => Promise<readonly AirlineEvent[]>,
): Handlers {
  const done = (world.bugState.get(run.service) ?? new Set<string>()) as Set<string>;
  world.bugState.set(run.service, done);
  const wrapped = Object.entries(handlers).map(([type, handler]) => [
    type,
    (event: AirlineEvent, delivery: Delivery) =>
      around((handled) => (handler as Handler<EventType>)(handled, delivery), event, done),
  ]);
  return Object.fromEntries(wrapped) as Handlers;
}

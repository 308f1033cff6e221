import type { AirlineEvent, EventData } from '@airline/events-schemas/events';
import { createInMemoryOnce } from '@airline/messaging/in-memory-once';
import { PostponeError } from '@airline/messaging/postpone';
import { beforeEach, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { FactType } from '../src/domain.ts';
import { createHandlers, type Dependencies } from '../src/handlers.ts';
import { createInMemoryReceiptStore } from '../src/in-memory-receipt-store.ts';
import { type Mail, MailRejectedError, MailUnavailableError } from '../src/mailer.ts';
import {
  bookingCancelled,
  bookingId,
  bookingRequested,
  complete,
  paymentOk,
  paymentRefunded,
  permutations,
  seatBooked,
  seatReleased,
} from './fixtures.ts';

type Handle = (event: AirlineEvent<FactType>) => Promise<readonly AirlineEvent[]>;

let world: Dependencies;
let mails: Mail[];
let handle: Handle;

/** Its clock advances with each call, so that a repeated event differs from a new one. */
function newWorld(): Dependencies {
  let seconds = 0;
  mails = [];
  return {
    store: createInMemoryReceiptStore(),
    mailer: { send: async (mail) => ({ messageId: `mail-${mails.push(mail)}` }) },
    once: createInMemoryOnce(),
    now: () => new Date(Date.parse('2026-12-01T09:30:00Z') + 1000 * seconds++),
  };
}

function serve(dependencies: Dependencies): Handle {
  const handlers = createHandlers(dependencies);
  return (event) => (handlers[event.type] as (event: AirlineEvent) => Promise<readonly AirlineEvent[]>)(event);
}

const recordOf = async () => (await world.store.load(bookingId))?.record;
const namesOf = (order: readonly AirlineEvent[]): string => order.map(({ type }) => type).join(', ');

const isReceipt = ({ subject }: Mail): boolean => subject.startsWith('Receipt');
const isRefundNotice = ({ subject }: Mail): boolean => subject.startsWith('Refund');

beforeEach(() => {
  world = newWorld();
  handle = serve(world);
});

describe('BookingRequested + SeatBooked + PaymentOk, and nothing taken back', () => {
  test.each(permutations(complete).map((order) => [namesOf(order), order] as const))(
    '%s: the last one sends the receipt and publishes ReceiptIssued',
    async (_, order) => {
      expect(await handle(order[0]!)).toEqual([]);
      expect(await handle(order[1]!)).toEqual([]);
      const [issued] = await handle(order[2]!);
      expect(issued).toMatchObject({
        type: 'ReceiptIssued',
        data: { bookingId, receiptNumber: 'R-CN5P-239Q-9G0R' },
        metadata: {
          eventId: `${bookingId}.ReceiptIssued`,
          causationId: order[2]!.metadata.eventId,
          service: 'receipts',
        },
      });
      expect(mails).toHaveLength(1);
      expect(mails[0]).toMatchObject({ to: { name: 'Ada Lovelace', email: 'ada@example.com' } });
      const { issuedAt } = (issued as AirlineEvent<'ReceiptIssued'>).data;
      expect((await recordOf())?.receipt).toEqual({ number: 'R-CN5P-239Q-9G0R', issuedAt, messageId: 'mail-1' });
    },
  );

  test('any repetition, in any order: one mail, and always the same ReceiptIssued', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.constantFrom(...complete), { maxLength: 8 }),
        fc.shuffledSubarray(complete, { minLength: 3 }),
        async (some, all) => {
          world = newWorld();
          handle = serve(world);
          const published: AirlineEvent[] = [];
          for (const event of [...some, ...all, ...some]) published.push(...(await handle(event)));
          expect(mails).toHaveLength(1);
          expect(new Set(published.map((event) => JSON.stringify(event))).size).toBe(1);
        },
      ),
    );
  });

  test('two of the three: nothing is sent', async () => {
    for (const missing of complete) {
      world = newWorld();
      handle = serve(world);
      for (const event of complete) if (event !== missing) expect(await handle(event)).toEqual([]);
      expect(mails).toEqual([]);
    }
  });
});

describe('an event that takes a yes back', () => {
  const takenBack = [
    ['SeatReleased', seatReleased()],
    ['PaymentRefunded', paymentRefunded()],
    ['BookingCancelled', bookingCancelled()],
  ] as const;

  test.each(takenBack)('%s before the set is complete: no receipt is ever sent', async (_, event) => {
    for (const order of permutations([...complete, event])) {
      if (order.at(-1) === event) continue;
      world = newWorld();
      handle = serve(world);
      for (const each of [...order, ...order]) expect(await handle(each)).toEqual([]);
      expect(mails).toEqual([]);
    }
  });

  test.each(takenBack)('%s after the receipt was sent: the same ReceiptIssued is published again', async (_, event) => {
    const published: AirlineEvent[] = [];
    for (const each of [...complete, event, ...complete]) published.push(...(await handle(each)));
    expect(mails.filter(isReceipt)).toHaveLength(1);
    expect(new Set(published.map((each) => JSON.stringify(each))).size).toBe(1);
  });

  test('after the receipt was due, but before it was sent: no receipt is ever sent', async () => {
    const { mailer } = world;
    const unavailable = { send: () => Promise.reject(new MailUnavailableError('down')) };
    handle = serve({ ...world, mailer: unavailable });
    for (const event of complete) await handle(event).catch(() => undefined);
    handle = serve({ ...world, mailer });
    for (const event of [seatReleased(), ...complete]) expect(await handle(event)).toEqual([]);
    expect(mails).toEqual([]);
  });

  test('after the receipt was sent, but before that was recorded: it is found, recorded and published', async () => {
    let crashes = 1;
    const once: Dependencies['once'] = async (...args) => {
      const outcome = await world.once(...args);
      if (crashes-- > 0) throw new Error('crash');
      return outcome;
    };
    handle = serve({ ...world, once });
    for (const event of complete) await handle(event).catch(() => undefined);
    expect((await recordOf())?.receipt).toBeUndefined();
    const causationId = paymentOk().metadata.eventId;
    expect(await handle(seatReleased())).toMatchObject([{ type: 'ReceiptIssued', metadata: { causationId } }]);
    expect(mails).toHaveLength(1);
    expect((await recordOf())?.receipt).toBeDefined();
  });
});

describe('PaymentRefunded after a sent receipt', () => {
  const refunded = paymentRefunded('cancelled');

  test('one refund notice is sent, and no event is published for it', async () => {
    for (const event of complete) await handle(event);
    const [first] = await handle(refunded);
    expect(first!.type).toBe('ReceiptIssued');
    expect(mails.map(isRefundNotice)).toEqual([false, true]);
    expect(mails[1]).toMatchObject({
      to: { email: 'ada@example.com' },
      subject: 'Refund for receipt R-CN5P-239Q-9G0R: flight KL1001 on 18 December 2026',
    });
    for (const event of [refunded, ...complete, bookingCancelled()]) expect(await handle(event)).toEqual([first]);
    expect(mails).toHaveLength(2);
    expect((await recordOf())?.refundNotice).toMatchObject({ messageId: 'mail-2' });
  });

  test('a cancellation or a release alone sends no notice: nothing is refunded yet', async () => {
    for (const event of [...complete, bookingCancelled(), seatReleased('cancelled')]) await handle(event);
    expect(mails.filter(isRefundNotice)).toEqual([]);
  });

  test('the mail provider is down: the message is postponed, and the notice is sent when it is up', async () => {
    for (const event of complete) await handle(event);
    const { mailer } = world;
    handle = serve({ ...world, mailer: { send: () => Promise.reject(new MailUnavailableError('throttled')) } });
    await expect(handle(refunded)).rejects.toThrow(PostponeError);
    handle = serve({ ...world, mailer });
    await handle(refunded);
    await handle(refunded);
    expect(mails.filter(isRefundNotice)).toHaveLength(1);
  });

  test('a run sent the receipt and crashed before it recorded that: the notice is sent after it', async () => {
    // `once` has the result of the mail, the record has not.
    const { store } = world;
    let crashes = true;
    handle = serve({
      ...world,
      store: {
        ...store,
        save: async (id, record, ...rest) => {
          if (record.receipt && crashes) throw new Error('crash');
          return store.save(id, record, ...rest);
        },
      },
    });
    for (const event of complete) await handle(event).catch(() => undefined);
    expect([mails.length, (await recordOf())?.receipt]).toEqual([1, undefined]);
    crashes = false;
    await handle(refunded);
    expect(mails.map(isRefundNotice)).toEqual([false, true]);
  });
});

describe('BookingRequested again with other content', () => {
  const other: Partial<EventData<'BookingRequested'>> = {
    passenger: { name: 'Ada Lovelace', email: 'eve@example.com' },
  };

  test('is a conflicting request; the receipt goes to the passenger of the first request', async () => {
    await handle(bookingRequested());
    const conflict = { name: 'UnprocessableEventError', reason: 'conflicting-request' };
    await expect(handle(bookingRequested(other))).rejects.toMatchObject(conflict);
    await handle(seatBooked());
    await handle(paymentOk());
    await expect(handle(bookingRequested(other))).rejects.toMatchObject(conflict);
    expect(mails.map(({ to }) => to.email)).toEqual(['ada@example.com']);
  });
});

describe('the mail provider', () => {
  test('rejects the mail for good: the message goes to the dead-letter queue, and a redrive tries again', async () => {
    const { mailer } = world;
    handle = serve({ ...world, mailer: { send: () => Promise.reject(new MailRejectedError('no such domain')) } });
    await handle(bookingRequested());
    await handle(seatBooked());
    const unprocessable = { name: 'UnprocessableEventError', reason: 'mail-rejected', message: 'no such domain' };
    await expect(handle(paymentOk())).rejects.toMatchObject(unprocessable);
    handle = serve({ ...world, mailer });
    expect(await handle(paymentOk())).toHaveLength(1);
    expect(mails).toHaveLength(1);
  });

  test('is down: the message is postponed, until it is up', async () => {
    const { mailer } = world;
    handle = serve({ ...world, mailer: { send: () => Promise.reject(new MailUnavailableError('throttled')) } });
    await handle(bookingRequested());
    await handle(seatBooked());
    for (let delivery = 1; delivery <= 3; delivery++)
      await expect(handle(paymentOk())).rejects.toThrow(new PostponeError('throttled'));
    handle = serve({ ...world, mailer });
    expect(await handle(paymentOk())).toHaveLength(1);
    expect(mails).toHaveLength(1);
  });
});

/** Makes the n-th call of a port crash, before or after its effect. */
function crashing(inner: Dependencies, nth: number, when: 'before' | 'after') {
  let steps = 0;
  let crashed: string | undefined;
  const step = async <T>(name: string, work: () => Promise<T>): Promise<T> => {
    const crashes = ++steps === nth;
    if (crashes) crashed = name;
    if (crashes && when === 'before') throw new Error(`crash before ${name}`);
    const result = await work();
    if (crashes) throw new Error(`crash after ${name}`);
    return result;
  };
  const world: Dependencies = {
    now: inner.now,
    store: {
      load: (...args) => step('load', () => inner.store.load(...args)),
      save: (...args) => step('save', () => inner.store.save(...args)),
    },
    mailer: { send: (mail) => step('send', () => inner.mailer.send(mail)) },
    once: (id, operation, work) => step('once', () => inner.once(id, operation, work)),
  };
  return { world, crashed: () => crashed };
}

describe.each(['before', 'after'] as const)('a crash %s any one step, then redelivery', (when) => {
  test('one mail and one ReceiptIssued; two mails only after a crash between sending and recording', async () => {
    const crashedSteps = new Set<string>();
    for (const order of permutations(complete)) {
      for (let nth = 1; ; nth++) {
        world = newWorld();
        const { world: fragile, crashed } = crashing(world, nth, when);
        handle = serve(fragile);
        const published: AirlineEvent[] = [];
        for (const event of order) published.push(...(await handle(event).catch(() => handle(event))));
        if (!crashed()) break;
        crashedSteps.add(crashed()!);
        expect(mails).toHaveLength(crashed() === 'send' && when === 'after' ? 2 : 1);
        expect(published.map(({ type }) => type)).toEqual(['ReceiptIssued']);
        expect((await recordOf())?.receipt).toMatchObject({ number: 'R-CN5P-239Q-9G0R' });
      }
    }
    expect([...crashedSteps].sort()).toEqual(['load', 'once', 'save', 'send']);
  });

  test.each([
    ['a refund', [...complete, paymentRefunded()]],
    ['a cancellation and its refund', [...complete, bookingCancelled(), paymentRefunded('cancelled')]],
  ])(
    'with %s in the flow: a receipt and its refund notice, or neither; ReceiptIssued is published if and only if it was sent',
    async (_, flow) => {
      const crashedSteps = new Set<string>();
      for (const order of permutations(flow)) {
        for (let nth = 1; ; nth++) {
          world = newWorld();
          const { world: fragile, crashed } = crashing(world, nth, when);
          handle = serve(fragile);
          const published = new Set<string>();
          // A failed event is delivered again after all others.
          const failed: AirlineEvent<FactType>[] = [];
          const deliver = async (event: AirlineEvent<FactType>) =>
            (await handle(event)).forEach(({ type }) => published.add(type));
          for (const event of order) await deliver(event).catch(() => failed.push(event));
          for (const event of failed) await deliver(event);
          if (!crashed()) break;
          crashedSteps.add(crashed()!);
          // Only the provider has a record of a mail that was sent just before the crash.
          if (crashed() === 'send' && when === 'after') continue;
          const receipts = mails.filter(isReceipt).length;
          expect([0, 1]).toContain(receipts);
          expect(mails.filter(isRefundNotice)).toHaveLength(receipts);
          expect([...published]).toEqual(receipts === 1 ? ['ReceiptIssued'] : []);
        }
      }
      expect([...crashedSteps].sort()).toEqual(['load', 'once', 'save', 'send']);
    },
  );
});

test('all events of a cancelled booking, each twice, in any interleaving: a receipt and its refund notice, or neither', async () => {
  const flow = [...complete, bookingCancelled(), seatReleased('cancelled'), paymentRefunded('cancelled')];
  await fc.assert(
    fc.asyncProperty(fc.scheduler(), async (scheduler) => {
      world = newWorld();
      const { store, mailer } = world;
      handle = serve({
        ...world,
        store: {
          load: scheduler.scheduleFunction((...args) => store.load(...args)),
          save: scheduler.scheduleFunction((...args) => store.save(...args)),
        },
        mailer: { send: scheduler.scheduleFunction((mail) => mailer.send(mail)) },
      });
      const failed: AirlineEvent<FactType>[] = [];
      let whenCancelled: number | undefined;
      const deliver = async (event: AirlineEvent<FactType>): Promise<void> => {
        await handle(event);
        if (event.type === 'BookingCancelled') whenCancelled ??= mails.filter(isReceipt).length;
      };
      await scheduler.waitFor(
        Promise.all([...flow, ...flow].map((event) => deliver(event).catch(() => failed.push(event)))),
      );
      for (const event of failed) await scheduler.waitFor(deliver(event));
      const receipts = mails.filter(isReceipt).length;
      // No receipt was sent after the cancellation was acknowledged.
      expect(receipts).toBe(whenCancelled);
      expect([0, 1]).toContain(receipts);
      expect(mails.filter(isRefundNotice)).toHaveLength(receipts);
      const before = mails.length;
      for (const event of flow) await scheduler.waitFor(handle(event));
      expect(mails).toHaveLength(before);
    }),
    { numRuns: 100 },
  );
});

test('all events of a booking, each twice, in any interleaving: one mail', async () => {
  await fc.assert(
    fc.asyncProperty(fc.scheduler(), async (scheduler) => {
      world = newWorld();
      const { store, mailer } = world;
      handle = serve({
        ...world,
        store: {
          load: scheduler.scheduleFunction((...args) => store.load(...args)),
          save: scheduler.scheduleFunction((...args) => store.save(...args)),
        },
        mailer: { send: scheduler.scheduleFunction((mail) => mailer.send(mail)) },
      });
      const failed: AirlineEvent<FactType>[] = [];
      const first = Promise.all(
        [...complete, ...complete].map((event) => handle(event).catch(() => failed.push(event))),
      );
      await scheduler.waitFor(first);
      await scheduler.waitFor(Promise.all(failed.map((event) => handle(event))));
      expect(mails).toHaveLength(1);
      expect((await recordOf())?.receipt?.messageId).toBe('mail-1');
    }),
    { numRuns: 100 },
  );
});

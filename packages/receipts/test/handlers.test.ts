import type { AirlineEvent, EventData } from '@airline/events-schemas/events';
import { createInMemoryOnce } from '@airline/messaging/in-memory-once';
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
  happy,
  paymentOk,
  paymentRefunded,
  permutations,
  seatBooked,
  seatReleased,
} from './fixtures.ts';

type Hear = (event: AirlineEvent<FactType>) => Promise<readonly AirlineEvent[]>;

let world: Dependencies;
let mails: Mail[];
let hear: Hear;

/** A world whose clock moves on with every look at it, so that words said again can be told from words said anew. */
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

function serve(dependencies: Dependencies): Hear {
  const handlers = createHandlers(dependencies);
  return (event) => (handlers[event.type] as (event: AirlineEvent) => Promise<readonly AirlineEvent[]>)(event);
}

const recordOf = async () => (await world.store.load(bookingId))?.record;
const namesOf = (order: readonly AirlineEvent[]): string => order.map(({ type }) => type).join(', ');

const isReceipt = ({ subject }: Mail): boolean => subject.startsWith('Receipt');
const isRefundNotice = ({ subject }: Mail): boolean => subject.startsWith('Refund');

beforeEach(() => {
  world = newWorld();
  hear = serve(world);
});

describe('BookingRequested + SeatBooked + PaymentOk, and nothing taken back', () => {
  test.each(permutations(happy).map((order) => [namesOf(order), order] as const))(
    '%s: the last sends the receipt and says so',
    async (_, order) => {
      expect(await hear(order[0]!)).toEqual([]);
      expect(await hear(order[1]!)).toEqual([]);
      const [issued] = await hear(order[2]!);
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

  test('any repetition, in any order: one mail, and ReceiptIssued word for word', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.constantFrom(...happy), { maxLength: 8 }),
        fc.shuffledSubarray(happy, { minLength: 3 }),
        async (some, all) => {
          world = newWorld();
          hear = serve(world);
          const said: AirlineEvent[] = [];
          for (const event of [...some, ...all, ...some]) said.push(...(await hear(event)));
          expect(mails).toHaveLength(1);
          expect(new Set(said.map((event) => JSON.stringify(event))).size).toBe(1);
        },
      ),
    );
  });

  test('two of the three: nothing is sent', async () => {
    for (const missing of happy) {
      world = newWorld();
      hear = serve(world);
      for (const event of happy) if (event !== missing) expect(await hear(event)).toEqual([]);
      expect(mails).toEqual([]);
    }
  });
});

describe('something taken back', () => {
  const takenBack = [
    ['SeatReleased', seatReleased()],
    ['PaymentRefunded', paymentRefunded()],
    ['BookingCancelled', bookingCancelled()],
  ] as const;

  test.each(takenBack)('%s before the set is complete: no receipt, ever', async (_, event) => {
    for (const order of permutations([...happy, event])) {
      if (order.at(-1) === event) continue;
      world = newWorld();
      hear = serve(world);
      for (const each of [...order, ...order]) expect(await hear(each)).toEqual([]);
      expect(mails).toEqual([]);
    }
  });

  test.each(takenBack)('%s after the receipt was sent: the receipt was sent, and is said again', async (_, event) => {
    const said: AirlineEvent[] = [];
    for (const each of [...happy, event, ...happy]) said.push(...(await hear(each)));
    expect(mails.filter(isReceipt)).toHaveLength(1);
    expect(new Set(said.map((each) => JSON.stringify(each))).size).toBe(1);
  });

  test('after the receipt fell due, but before it was sent: no receipt, ever', async () => {
    const { mailer } = world;
    const unavailable = { send: () => Promise.reject(new MailUnavailableError('down')) };
    hear = serve({ ...world, mailer: unavailable });
    for (const event of happy) await hear(event).catch(() => undefined);
    hear = serve({ ...world, mailer });
    for (const event of [seatReleased(), ...happy]) expect(await hear(event)).toEqual([]);
    expect(mails).toEqual([]);
  });

  test('after the receipt was sent, but before that was remembered: it is found out, remembered and said', async () => {
    let crashes = 1;
    const once: Dependencies['once'] = async (...args) => {
      const outcome = await world.once(...args);
      if (crashes-- > 0) throw new Error('crash');
      return outcome;
    };
    hear = serve({ ...world, once });
    for (const event of happy) await hear(event).catch(() => undefined);
    expect((await recordOf())?.receipt).toBeUndefined();
    const causationId = paymentOk().metadata.eventId;
    expect(await hear(seatReleased())).toMatchObject([{ type: 'ReceiptIssued', metadata: { causationId } }]);
    expect(mails).toHaveLength(1);
    expect((await recordOf())?.receipt).toBeDefined();
  });
});

describe('PaymentRefunded after a sent receipt', () => {
  const refunded = paymentRefunded('cancelled');

  test('the passenger is told once, and no event is said for it', async () => {
    for (const event of happy) await hear(event);
    const [first] = await hear(refunded);
    expect(first!.type).toBe('ReceiptIssued');
    expect(mails.map(isRefundNotice)).toEqual([false, true]);
    expect(mails[1]).toMatchObject({
      to: { email: 'ada@example.com' },
      subject: 'Refund for receipt R-CN5P-239Q-9G0R: flight KL1001 on 18 December 2026',
    });
    for (const event of [refunded, ...happy, bookingCancelled()]) expect(await hear(event)).toEqual([first]);
    expect(mails).toHaveLength(2);
    expect((await recordOf())?.refundNotice).toMatchObject({ messageId: 'mail-2' });
  });

  test('a cancellation or a release alone is no refund yet', async () => {
    for (const event of [...happy, bookingCancelled(), seatReleased('cancelled')]) await hear(event);
    expect(mails.filter(isRefundNotice)).toEqual([]);
  });

  test('the provider is down: the message fails, and the notice is sent when it is up', async () => {
    for (const event of happy) await hear(event);
    const { mailer } = world;
    hear = serve({ ...world, mailer: { send: () => Promise.reject(new MailUnavailableError('throttled')) } });
    await expect(hear(refunded)).rejects.toThrow(MailUnavailableError);
    hear = serve({ ...world, mailer });
    await hear(refunded);
    await hear(refunded);
    expect(mails.filter(isRefundNotice)).toHaveLength(1);
  });

  test('a receipt that was sent by a run that crashed before it remembered: the notice follows it', async () => {
    // The guard knows of the mail, the record does not.
    const { store } = world;
    let crashes = true;
    hear = serve({
      ...world,
      store: {
        ...store,
        save: async (id, record, ...rest) => {
          if (record.receipt && crashes) throw new Error('crash');
          return store.save(id, record, ...rest);
        },
      },
    });
    for (const event of happy) await hear(event).catch(() => undefined);
    expect([mails.length, (await recordOf())?.receipt]).toEqual([1, undefined]);
    crashes = false;
    await hear(refunded);
    expect(mails.map(isRefundNotice)).toEqual([false, true]);
  });
});

describe('BookingRequested again with other content', () => {
  const other: Partial<EventData<'BookingRequested'>> = {
    passenger: { name: 'Ada Lovelace', email: 'eve@example.com' },
  };

  test('is a conflicting request; the receipt goes to the first', async () => {
    await hear(bookingRequested());
    const conflict = { name: 'UnprocessableEventError', reason: 'conflicting-request' };
    await expect(hear(bookingRequested(other))).rejects.toMatchObject(conflict);
    await hear(seatBooked());
    await hear(paymentOk());
    await expect(hear(bookingRequested(other))).rejects.toMatchObject(conflict);
    expect(mails.map(({ to }) => to.email)).toEqual(['ada@example.com']);
  });
});

describe('the mail provider', () => {
  test('rejects the mail for good: to the dead-letter queue with the reason; a redrive tries again', async () => {
    const { mailer } = world;
    hear = serve({ ...world, mailer: { send: () => Promise.reject(new MailRejectedError('no such domain')) } });
    await hear(bookingRequested());
    await hear(seatBooked());
    const unprocessable = { name: 'UnprocessableEventError', reason: 'mail-rejected', message: 'no such domain' };
    await expect(hear(paymentOk())).rejects.toMatchObject(unprocessable);
    hear = serve({ ...world, mailer });
    expect(await hear(paymentOk())).toHaveLength(1);
    expect(mails).toHaveLength(1);
  });

  test('is down: the message fails, and is delivered again until it is up', async () => {
    const { mailer } = world;
    hear = serve({ ...world, mailer: { send: () => Promise.reject(new MailUnavailableError('throttled')) } });
    await hear(bookingRequested());
    await hear(seatBooked());
    for (let delivery = 1; delivery <= 3; delivery++)
      await expect(hear(paymentOk())).rejects.toThrow(MailUnavailableError);
    hear = serve({ ...world, mailer });
    expect(await hear(paymentOk())).toHaveLength(1);
    expect(mails).toHaveLength(1);
  });
});

/** Breaks the n-th step of what follows, before or after it took effect. Steps are the waits of the handlers. */
function breaking(inner: Dependencies, nth: number, when: 'before' | 'after') {
  let steps = 0;
  let broken: string | undefined;
  const step = async <T>(name: string, work: () => Promise<T>): Promise<T> => {
    const breaks = ++steps === nth;
    if (breaks) broken = name;
    if (breaks && when === 'before') throw new Error(`crash before ${name}`);
    const result = await work();
    if (breaks) throw new Error(`crash after ${name}`);
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
  return { world, broken: () => broken };
}

describe.each(['before', 'after'] as const)('a crash %s any one step, then redelivery', (when) => {
  test('one mail and one ReceiptIssued; two mails only when it fell between sending and remembering', async () => {
    const stepsBroken = new Set<string>();
    for (const order of permutations(happy)) {
      for (let nth = 1; ; nth++) {
        world = newWorld();
        const { world: fragile, broken } = breaking(world, nth, when);
        hear = serve(fragile);
        const said: AirlineEvent[] = [];
        for (const event of order) said.push(...(await hear(event).catch(() => hear(event))));
        if (!broken()) break;
        stepsBroken.add(broken()!);
        expect(mails).toHaveLength(broken() === 'send' && when === 'after' ? 2 : 1);
        expect(said.map(({ type }) => type)).toEqual(['ReceiptIssued']);
        expect((await recordOf())?.receipt).toMatchObject({ number: 'R-CN5P-239Q-9G0R' });
      }
    }
    expect([...stepsBroken].sort()).toEqual(['load', 'once', 'save', 'send']);
  });

  test.each([
    ['a refund', [...happy, paymentRefunded()]],
    ['a cancellation and its refund', [...happy, bookingCancelled(), paymentRefunded('cancelled')]],
  ])(
    'with %s in the flow: a receipt and its refund notice, or neither; ReceiptIssued is said if and only if it was sent',
    async (_, flow) => {
      for (const order of permutations(flow)) {
        for (let nth = 1; ; nth++) {
          world = newWorld();
          const { world: fragile, broken } = breaking(world, nth, when);
          hear = serve(fragile);
          const said = new Set<string>();
          // What failed comes back last, when the others have been handled.
          const failed: AirlineEvent<FactType>[] = [];
          const deliver = async (event: AirlineEvent<FactType>) =>
            (await hear(event)).forEach(({ type }) => said.add(type));
          for (const event of order) await deliver(event).catch(() => failed.push(event));
          for (const event of failed) await deliver(event);
          if (!broken()) break;
          // A mail that left a moment before the crash is known to the provider alone.
          if (broken() === 'send' && when === 'after') continue;
          const receipts = mails.filter(isReceipt).length;
          expect([0, 1]).toContain(receipts);
          expect(mails.filter(isRefundNotice)).toHaveLength(receipts);
          expect([...said]).toEqual(receipts === 1 ? ['ReceiptIssued'] : []);
        }
      }
    },
  );
});

test('all events of a cancelled booking at once, each twice, interleaved in any way: a receipt and its refund notice, or neither', async () => {
  const flow = [...happy, bookingCancelled(), seatReleased('cancelled'), paymentRefunded('cancelled')];
  await fc.assert(
    fc.asyncProperty(fc.scheduler(), async (scheduler) => {
      world = newWorld();
      const { store, mailer } = world;
      hear = serve({
        ...world,
        store: {
          load: scheduler.scheduleFunction((...args) => store.load(...args)),
          save: scheduler.scheduleFunction((...args) => store.save(...args)),
        },
        mailer: { send: scheduler.scheduleFunction((mail) => mailer.send(mail)) },
      });
      const failed: AirlineEvent<FactType>[] = [];
      let whenCancelled: number | undefined;
      const listen = async (event: AirlineEvent<FactType>): Promise<void> => {
        await hear(event);
        if (event.type === 'BookingCancelled') whenCancelled ??= mails.filter(isReceipt).length;
      };
      await scheduler.waitFor(
        Promise.all([...flow, ...flow].map((event) => listen(event).catch(() => failed.push(event)))),
      );
      for (const event of failed) await scheduler.waitFor(listen(event));
      const receipts = mails.filter(isReceipt).length;
      // Once the cancellation was acknowledged, no receipt left any more.
      expect(receipts).toBe(whenCancelled);
      expect([0, 1]).toContain(receipts);
      expect(mails.filter(isRefundNotice)).toHaveLength(receipts);
      const before = mails.length;
      for (const event of flow) await scheduler.waitFor(hear(event));
      expect(mails).toHaveLength(before);
    }),
    { numRuns: 100 },
  );
});

test('all events of a booking at once, each twice, interleaved in any way: one mail', async () => {
  await fc.assert(
    fc.asyncProperty(fc.scheduler(), async (scheduler) => {
      world = newWorld();
      const { store, mailer } = world;
      hear = serve({
        ...world,
        store: {
          load: scheduler.scheduleFunction((...args) => store.load(...args)),
          save: scheduler.scheduleFunction((...args) => store.save(...args)),
        },
        mailer: { send: scheduler.scheduleFunction((mail) => mailer.send(mail)) },
      });
      const failed: AirlineEvent<FactType>[] = [];
      const first = Promise.all([...happy, ...happy].map((event) => hear(event).catch(() => failed.push(event))));
      await scheduler.waitFor(first);
      await scheduler.waitFor(Promise.all(failed.map((event) => hear(event))));
      expect(mails).toHaveLength(1);
      expect((await recordOf())?.receipt?.messageId).toBe('mail-1');
    }),
    { numRuns: 100 },
  );
});

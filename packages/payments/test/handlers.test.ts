import type { AirlineEvent } from '@airline/events-schemas/events';
import { findEventMistakes } from '@airline/events-schemas/parse-event';
import { UnprocessableEventError } from '@airline/messaging/consume';
import { createInMemoryOnce } from '@airline/messaging/in-memory-once';
import type { Once } from '@airline/messaging/once';
import { beforeEach, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { createHandlers } from '../src/handlers.ts';
import {
  createInMemoryPaymentProvider,
  type InMemoryPaymentProvider,
  type InMemoryPaymentProviderOptions,
} from '../src/in-memory-payment-provider.ts';
import { createInMemoryPaymentStore } from '../src/in-memory-payment-store.ts';
import type { PaymentProvider } from '../src/payment-provider.ts';
import type { PaymentStore } from '../src/payment-store.ts';
import {
  bookingCancelled,
  bookingRequested,
  later,
  now,
  paidWith,
  request,
  seatReleased,
  seatUnavailable,
  type Request,
} from './fixtures.ts';

type Heard = AirlineEvent<'BookingRequested' | 'SeatUnavailable' | 'SeatReleased' | 'BookingCancelled'>;
type Hear = (event: Heard) => Promise<readonly AirlineEvent[]>;

let clock: string;
let store: PaymentStore;
let provider: InMemoryPaymentProvider;
let once: Once;
let lose: NonNullable<InMemoryPaymentProviderOptions['lose']>;
let hear: Hear;

function serve(parts: { store: PaymentStore; provider: PaymentProvider; once: Once }): Hear {
  const handlers = createHandlers({ ...parts, now: () => new Date(clock) });
  return async (event) => {
    const events = await (handlers[event.type] as (event: AirlineEvent) => Promise<readonly AirlineEvent[]>)(event);
    for (const { type, ...detail } of events) expect(findEventMistakes(type, detail)).toEqual([]);
    return events;
  };
}

beforeEach(() => {
  clock = now;
  lose = () => undefined;
  store = createInMemoryPaymentStore();
  provider = createInMemoryPaymentProvider({ now: () => new Date(clock), lose: (...request) => lose(...request) });
  once = createInMemoryOnce();
  hear = serve({ store, provider, once });
});

const said = (events: readonly AirlineEvent[]): string[] =>
  events.map(({ type, data }) => ('reason' in data ? `${type}(${data.reason})` : type));
const stateOf = async ({ bookingId }: Request): Promise<string | undefined> =>
  (await store.load(bookingId))?.record.state;
const moved = ({ bookingId }: Request): { charged: number; refunded: number } => provider.movedFor(bookingId);
const nothing = { charged: 0, refunded: 0 };

/** The next request of that operation times out. */
function loseNext(operation: keyof PaymentProvider, loss: 'before' | 'after'): void {
  let isDone = false;
  lose = (asked) => {
    if (asked !== operation || isDone) return undefined;
    isDone = true;
    return loss;
  };
}

/** What the provider is asked meanwhile. */
async function requestsDuring(run: () => Promise<unknown>): Promise<string[]> {
  const requests: string[] = [];
  lose = (operation) => void requests.push(operation);
  await run();
  return requests;
}

/** A run that died after its charge, or before it: the record says CHARGING, and only the provider knows. */
async function charging(asked: Request, loss: 'before' | 'after'): Promise<void> {
  loseNext('confirm', loss);
  await expect(hear(bookingRequested(asked))).rejects.toThrow('timed out');
  expect(await stateOf(asked)).toBe('CHARGING');
}

describe('none', () => {
  test('none × BookingRequested: charges the card and says PaymentOk', async () => {
    const asked = request();
    const answer = await hear(bookingRequested(asked));
    expect(said(answer)).toEqual(['PaymentOk']);
    expect(answer[0]).toMatchObject({
      data: { bookingId: asked.bookingId, paymentId: 'pi_1', amountMinor: 8_100, currency: 'EUR', paidAt: now },
      metadata: {
        eventId: `${asked.bookingId}.PaymentOk`,
        causationId: `${asked.bookingId}.BookingRequested`,
        service: 'payments',
      },
    });
    expect(await stateOf(asked)).toBe('CHARGED');
    expect(moved(asked)).toEqual({ charged: 8_100, refunded: 0 });
  });

  test.each([
    ['pm_card_visa_chargeDeclined', 'generic_decline'],
    ['no such card', 'invalid_payment_method'],
  ])('none × BookingRequested: %s is declined and PaymentFailed is said', async (method, declineCode) => {
    const asked = paidWith(method);
    const answer = await hear(bookingRequested(asked));
    expect(said(answer)).toEqual(['PaymentFailed(declined)']);
    expect(answer[0]!.data).toMatchObject({ declineCode });
    expect(await stateOf(asked)).toBe('DECLINED');
    expect(moved(asked)).toEqual(nothing);
  });

  test('none × BookingRequested past expiresAt: no charge is started, PaymentFailed(expired)', async () => {
    const asked = request({ expiresAt: now });
    expect(said(await hear(bookingRequested(asked)))).toEqual(['PaymentFailed(expired)']);
    expect(moved(asked)).toEqual(nothing);
  });

  test.each([seatUnavailable, seatReleased, bookingCancelled])(
    'none × a no from elsewhere: leaves a tombstone and says nothing yet',
    async (no) => {
      const asked = request();
      expect(await hear(no(asked))).toEqual([]);
      expect(await stateOf(asked)).toBe('VOID');
    },
  );
});

describe('tombstone', () => {
  test.each([
    [seatUnavailable(request(), 'taken'), 'PaymentFailed(seat-unavailable)'],
    [seatUnavailable(request(), 'expired'), 'PaymentFailed(expired)'],
    [seatUnavailable(request(), 'cancelled'), 'PaymentFailed(cancelled)'],
    [seatReleased(request(), 'hold-expired'), 'PaymentFailed(hold-expired)'],
    [seatReleased(request(), 'cancelled'), 'PaymentFailed(cancelled)'],
    [bookingCancelled(request()), 'PaymentFailed(cancelled)'],
  ])('tombstone × BookingRequested: never charges, and says why (%#)', async (no, answer) => {
    const asked = request({ bookingId: no.data.bookingId });
    await hear(no);
    const first = await hear(bookingRequested(asked));
    expect(said(first)).toEqual([answer]);
    expect(moved(asked)).toEqual(nothing);
    clock = later;
    expect(await hear(bookingRequested(asked))).toEqual(first);
  });

  test('tombstone × a no from elsewhere: nothing', async () => {
    const asked = request();
    await hear(seatUnavailable(asked, 'taken'));
    expect(await hear(seatReleased(asked))).toEqual([]);
    expect(await hear(bookingCancelled(asked))).toEqual([]);
    expect(said(await hear(bookingRequested(asked)))).toEqual(['PaymentFailed(seat-unavailable)']);
  });
});

test('tombstone × BookingRequested past expiresAt: the root reason is the cancellation', async () => {
  const asked = request({ expiresAt: now });
  await hear(bookingCancelled(asked));
  expect(said(await hear(bookingRequested(asked)))).toEqual(['PaymentFailed(cancelled)']);
});

describe('CHARGING', () => {
  test('CHARGING × BookingCancelled: marks the charge and says nothing; the run that learns of the charge refunds it', async () => {
    const asked = request();
    await charging(asked, 'after');
    expect(await hear(bookingCancelled(asked))).toEqual([]);
    expect(said(await hear(bookingRequested(asked)))).toEqual(['PaymentOk', 'PaymentRefunded(cancelled)']);
    expect(moved(asked)).toEqual({ charged: 8_100, refunded: 8_100 });
  });

  test('CHARGING × BookingCancelled: what is not charged yet is not charged any more', async () => {
    const asked = request();
    await charging(asked, 'before');
    await hear(bookingCancelled(asked));
    expect(said(await hear(bookingRequested(asked)))).toEqual(['PaymentFailed(cancelled)']);
    expect(moved(asked)).toEqual(nothing);
  });

  test('CHARGING × BookingCancelled: a no that was met before names the reason', async () => {
    const asked = request();
    await charging(asked, 'after');
    await hear(seatUnavailable(asked));
    expect(await hear(bookingCancelled(asked))).toEqual([]);
    expect(said(await hear(bookingRequested(asked)))).toEqual(['PaymentOk', 'PaymentRefunded(seat-unavailable)']);
  });

  test.each(['before', 'after'] as const)(
    'CHARGING × BookingRequested: a timeout %s the charge is no answer; asked again, the provider decides',
    async (loss) => {
      const asked = request();
      await charging(asked, loss);
      expect(said(await hear(bookingRequested(asked)))).toEqual(['PaymentOk']);
      expect(moved(asked)).toEqual({ charged: 8_100, refunded: 0 });
    },
  );

  test('CHARGING × BookingRequested: a decline whose answer was lost is still a decline', async () => {
    const asked = paidWith('pm_card_visa_chargeDeclined');
    await charging(asked, 'after');
    expect(said(await hear(bookingRequested(asked)))).toEqual(['PaymentFailed(declined)']);
  });

  test.each(['before', 'after'] as const)(
    'CHARGING × BookingRequested: redriven after the provider forgot its keys, it still charges once (%s)',
    async (loss) => {
      const asked = request();
      await charging(asked, loss);
      provider.forgetIdempotencyKeys();
      hear = serve({ store, provider, once: createInMemoryOnce() });
      expect(said(await hear(bookingRequested(asked)))).toEqual(['PaymentOk']);
      expect(moved(asked)).toEqual({ charged: 8_100, refunded: 0 });
    },
  );

  test('CHARGING × BookingRequested: a later run looks the intent up before it does anything', async () => {
    const asked = request();
    await charging(asked, 'after');
    expect(await requestsDuring(() => hear(bookingRequested(asked)))).toEqual(['findIntent']);
  });

  test('CHARGING × BookingRequested: an intent whose id was never stored is never charged', async () => {
    const asked = request();
    loseNext('createIntent', 'after');
    await expect(hear(bookingRequested(asked))).rejects.toThrow('timed out');
    provider.forgetIdempotencyKeys();
    expect(said(await hear(bookingRequested(asked)))).toEqual(['PaymentOk']);
    expect(moved(asked)).toEqual({ charged: 8_100, refunded: 0 });
  });

  test('CHARGING × BookingRequested past expiresAt: charged in time is charged', async () => {
    const asked = request({ expiresAt: later });
    await charging(asked, 'after');
    clock = later;
    const answer = await hear(bookingRequested(asked));
    expect(said(answer)).toEqual(['PaymentOk']);
    expect(answer[0]!.data).toMatchObject({ paidAt: now });
  });

  test('CHARGING × BookingRequested past expiresAt: an intent that was not charged is cancelled first, then PaymentFailed(expired)', async () => {
    const asked = request({ expiresAt: later });
    await charging(asked, 'before');
    clock = later;
    const intentId = 'pi_1';
    expect(said(await hear(bookingRequested(asked)))).toEqual(['PaymentFailed(expired)']);
    expect(await provider.findIntent(intentId)).toEqual({ kind: 'cancelled' });
    expect(await provider.confirm({ bookingId: asked.bookingId, intentId, amountMinor: 8_100 })).toEqual({
      kind: 'cancelled',
    });
    expect(moved(asked)).toEqual(nothing);
  });

  test('CHARGING × a no from elsewhere: marks the charge and says nothing; the run that learns of the charge refunds it', async () => {
    const asked = request();
    await charging(asked, 'after');
    expect(await hear(seatUnavailable(asked))).toEqual([]);
    expect((await store.load(asked.bookingId))?.record).toMatchObject({
      state: 'CHARGING',
      refund: { reason: 'seat-unavailable' },
    });
    expect(moved(asked)).toEqual({ charged: 8_100, refunded: 0 });
    expect(said(await hear(bookingRequested(asked)))).toEqual(['PaymentOk', 'PaymentRefunded(seat-unavailable)']);
    expect(moved(asked)).toEqual({ charged: 8_100, refunded: 8_100 });
    expect(await hear(seatReleased(asked))).toHaveLength(1);
  });

  test('CHARGING × a no from elsewhere: what is not charged yet is not charged any more', async () => {
    const asked = request();
    await charging(asked, 'before');
    await hear(seatReleased(asked));
    expect(said(await hear(bookingRequested(asked)))).toEqual(['PaymentFailed(hold-expired)']);
    expect(moved(asked)).toEqual(nothing);
  });

  test('CHARGING × a no from elsewhere: a declined card stays declined', async () => {
    const asked = paidWith('pm_card_visa_chargeDeclined');
    await charging(asked, 'after');
    await hear(seatUnavailable(asked));
    expect(said(await hear(bookingRequested(asked)))).toEqual(['PaymentFailed(declined)']);
  });

  test.each(['createIntent', 'confirm'] as const)(
    'CHARGING × a no from elsewhere: one that comes during %s is met by the run that charges',
    async (operation) => {
      const asked = request();
      let no: Promise<readonly AirlineEvent[]> | undefined;
      lose = (asking) => {
        if (asking === operation) no ??= hear(seatUnavailable(asked));
        return undefined;
      };
      const answer = await hear(bookingRequested(asked));
      expect(await no).toEqual([]);
      expect(said(answer)).toEqual(
        operation === 'confirm'
          ? ['PaymentOk', 'PaymentRefunded(seat-unavailable)']
          : ['PaymentFailed(seat-unavailable)'],
      );
      expect(moved(asked).charged).toBe(moved(asked).refunded);
    },
  );

  test('CHARGING × BookingRequested: a delivery beside the charging one is sent back, and answers the same afterwards', async () => {
    const asked = request();
    let beside: Promise<unknown> | undefined;
    lose = (operation) => {
      if (operation === 'confirm') beside ??= hear(bookingRequested(asked)).catch((error: Error) => error.name);
      return undefined;
    };
    const first = await hear(bookingRequested(asked));
    expect(await beside).toBe('AlreadyInProgressError');
    expect(await hear(bookingRequested(asked))).toEqual(first);
    expect(moved(asked)).toEqual({ charged: 8_100, refunded: 0 });
  });
});

describe('CHARGED', () => {
  test('CHARGED × BookingRequested: says the same PaymentOk again', async () => {
    const asked = request();
    const first = await hear(bookingRequested(asked));
    clock = later;
    expect(await hear(bookingRequested(asked))).toEqual(first);
    expect(moved(asked)).toEqual({ charged: 8_100, refunded: 0 });
  });

  test.each([
    [seatUnavailable, 'seat-unavailable'],
    [seatReleased, 'hold-expired'],
    [bookingCancelled, 'cancelled'],
  ] as const)('CHARGED × a no from elsewhere: refunds and says PaymentRefunded (%#)', async (no, reason) => {
    const asked = request();
    await hear(bookingRequested(asked));
    const answer = await hear(no(asked));
    expect(answer).toHaveLength(1);
    expect(answer[0]).toMatchObject({
      type: 'PaymentRefunded',
      data: {
        bookingId: asked.bookingId,
        paymentId: 'pi_1',
        refundId: 're_pi_1',
        amountMinor: 8_100,
        currency: 'EUR',
        reason,
      },
      metadata: { eventId: `${asked.bookingId}.PaymentRefunded`, causationId: no(asked).metadata.eventId },
    });
    expect(await stateOf(asked)).toBe('REFUNDED');
    expect(moved(asked)).toEqual({ charged: 8_100, refunded: 8_100 });
  });

  test.each([
    ['before', 'BookingRequested'],
    ['after', 'BookingRequested'],
    ['before', 'the no'],
    ['after', 'the no'],
  ] as const)(
    'CHARGED × a no from elsewhere: a refund that timed out %s it was made is finished by %s, and made once',
    async (loss, event) => {
      const asked = request();
      await hear(bookingRequested(asked));
      loseNext('refund', loss);
      await expect(hear(seatUnavailable(asked))).rejects.toThrow('timed out');
      expect((await store.load(asked.bookingId))?.record).toMatchObject({
        state: 'CHARGED',
        refund: { reason: 'seat-unavailable' },
      });
      const answer = await hear(event === 'the no' ? seatUnavailable(asked) : bookingRequested(asked));
      expect(said(answer)).toEqual([...(event === 'the no' ? [] : ['PaymentOk']), 'PaymentRefunded(seat-unavailable)']);
      expect(moved(asked)).toEqual({ charged: 8_100, refunded: 8_100 });
    },
  );
});

test('CHARGED × a no from elsewhere: a refund that exists is looked up, and not asked for again', async () => {
  const asked = request();
  await hear(bookingRequested(asked));
  loseNext('refund', 'after');
  await expect(hear(seatUnavailable(asked))).rejects.toThrow('timed out');
  expect(await requestsDuring(() => hear(seatUnavailable(asked)))).toEqual(['findRefund']);
});

describe('DECLINED', () => {
  test('DECLINED × BookingRequested: says the same PaymentFailed again', async () => {
    const asked = paidWith('pm_card_visa_chargeDeclined');
    const first = await hear(bookingRequested(asked));
    clock = later;
    expect(await hear(bookingRequested(asked))).toEqual(first);
  });

  test.each([
    seatUnavailable(request(), 'payment-failed'),
    seatUnavailable(request()),
    seatReleased(request()),
    bookingCancelled(request()),
  ])('DECLINED × a no from elsewhere: nothing (%#)', async (no) => {
    const asked = { ...paidWith('pm_card_visa_chargeDeclined'), bookingId: no.data.bookingId };
    const first = await hear(bookingRequested(asked));
    expect(await hear(no)).toEqual([]);
    expect(await hear(bookingRequested(asked))).toEqual(first);
  });
});

describe('REFUNDED', () => {
  test('REFUNDED × BookingRequested: says the same PaymentOk, then the same PaymentRefunded again', async () => {
    const asked = request();
    const [paid] = await hear(bookingRequested(asked));
    const [refunded] = await hear(seatUnavailable(asked));
    clock = later;
    expect(await hear(bookingRequested(asked))).toEqual([paid, refunded]);
    expect(moved(asked)).toEqual({ charged: 8_100, refunded: 8_100 });
  });

  test('REFUNDED × a no from elsewhere: says the same PaymentRefunded again, whichever no it is', async () => {
    const asked = request();
    await hear(bookingRequested(asked));
    const first = await hear(seatUnavailable(asked));
    clock = later;
    expect(await hear(seatUnavailable(asked))).toEqual(first);
    expect(await hear(seatReleased(asked, 'cancelled'))).toEqual(first);
    expect(await hear(bookingCancelled(asked))).toEqual(first);
    expect(moved(asked)).toEqual({ charged: 8_100, refunded: 8_100 });
  });
});

describe('a second request with the same bookingId', () => {
  test('that pays otherwise can never be handled, and the first stands', async () => {
    const asked = request();
    const first = await hear(bookingRequested(asked));
    const other = { ...asked, payment: { ...asked.payment, amountMinor: 1 } };
    await expect(hear(bookingRequested(other))).rejects.toThrow(UnprocessableEventError);
    await expect(hear(bookingRequested(other))).rejects.toMatchObject({ reason: 'conflicting-request' });
    expect(await hear(bookingRequested(asked))).toEqual(first);
  });

  test('that differs in its times and in unknown fields is the same request', async () => {
    const asked = request();
    const first = await hear(bookingRequested(asked));
    expect(await hear(bookingRequested({ ...asked, requestedAt: later, wishes: 'window' } as Request))).toEqual(first);
  });
});

test('no personal data is kept', async () => {
  const asked = request();
  await hear(bookingRequested(asked));
  await hear(seatUnavailable(asked));
  expect(JSON.stringify(await store.load(asked.bookingId))).not.toMatch(/Ada|example\.com/);
});

/** Delivers as SQS does: what fails comes again, until all is handled. Gives back everything that was said. */
async function deliver(listen: Hear, events: Heard[]): Promise<AirlineEvent[]> {
  const spoken: AirlineEvent[] = [];
  let waiting = events;
  for (let round = 0; waiting.length > 0; round++) {
    if (round > 20) throw new Error('never settles');
    const failed: Heard[] = [];
    for (const event of waiting) {
      await listen(event).then(
        (answer) => spoken.push(...answer),
        () => failed.push(event),
      );
    }
    waiting = failed;
  }
  return spoken;
}

/** Each event id once; two events with one id must be the same event. */
function facts(spoken: AirlineEvent[]): string[] {
  const byId = new Map<string, AirlineEvent>();
  for (const event of spoken) {
    expect(byId.get(event.metadata.eventId) ?? event).toEqual(event);
    byId.set(event.metadata.eventId, event);
  }
  return said([...byId.values()]).sort();
}

/** What must hold of a booking that failed elsewhere, when nothing is left to deliver. */
function expectGivenBack(asked: Request, spoken: AirlineEvent[], reasons: string): void {
  expect(facts(spoken).join()).toMatch(
    new RegExp(`^(PaymentFailed\\((${reasons})\\)|PaymentOk,PaymentRefunded\\((${reasons})\\))$`),
  );
  const { charged, refunded } = moved(asked);
  expect(charged).toBe(refunded);
  expect(charged).toBe(facts(spoken).length === 2 ? 8_100 : 0);
}

test('in every order of a request and three nos, each delivered twice, nothing stays charged and the words are the same', async () => {
  const kinds = [0, 0, 1, 1, 2, 2, 3, 3];
  await fc.assert(
    fc.asyncProperty(fc.shuffledSubarray([...kinds.keys()], { minLength: kinds.length }), async (order) => {
      const asked = request();
      const events = [bookingRequested(asked), seatUnavailable(asked), seatReleased(asked), bookingCancelled(asked)];
      expectGivenBack(
        asked,
        await deliver(
          hear,
          order.map((index) => events[kinds[index]!]!),
        ),
        'seat-unavailable|hold-expired|cancelled',
      );
    }),
    { numRuns: 200 },
  );
});

/** A part that dies at its nth call, before the call does anything or after it did it all. */
function dying<T extends object>(part: T, dies: () => 'before' | 'after' | undefined): T {
  return new Proxy(part, {
    get:
      (target, name) =>
      async (...parameters: unknown[]) => {
        const death = dies();
        if (death === 'before') throw new Error('died');
        const result: unknown = await (target[name as keyof T] as (...parameters: unknown[]) => unknown)(...parameters);
        if (death === 'after') throw new Error('died');
        return result;
      },
  });
}

describe.each(['before', 'after'] as const)('a run that dies %s a step is healed by redelivery', (death) => {
  test.each<[string, (asked: Request) => Heard[], string, number]>([
    ['a charge', (asked) => [bookingRequested(asked)], 'PaymentOk', 8_100],
    [
      'a refund',
      (asked) => [bookingRequested(asked), seatUnavailable(asked)],
      'PaymentOk,PaymentRefunded(seat-unavailable)',
      0,
    ],
    ['a tombstone', (asked) => [seatUnavailable(asked), bookingRequested(asked)], 'PaymentFailed(seat-unavailable)', 0],
    [
      'a cancellation',
      (asked) => [bookingRequested(asked), bookingCancelled(asked)],
      'PaymentOk,PaymentRefunded(cancelled)',
      0,
    ],
    [
      'a cancellation that comes first',
      (asked) => [bookingCancelled(asked), bookingRequested(asked)],
      'PaymentFailed(cancelled)',
      0,
    ],
  ])('%s, at whichever step', async (_, script, expected, net) => {
    let step = 0;
    for (let isOver = false; !isOver; step++) {
      let calls = 0;
      const dies = (): typeof death | undefined => (calls++ === step ? death : undefined);
      const asked = request();
      // A function that died takes nothing with it but its own progress: the guard of a dead run is free again.
      const listen = serve({ store: dying(store, dies), provider: dying(provider, dies), once: createInMemoryOnce() });
      const spoken: AirlineEvent[] = [];
      for (const event of script(asked)) spoken.push(...(await deliver(listen, [event])));
      expect(facts(spoken).join()).toBe(expected);
      expect(moved(asked).charged - moved(asked).refunded).toBe(net);
      isOver = calls <= step;
    }
    expect(step).toBeGreaterThan(2);
  });
});

test('whatever order two deliveries of a request and three nos take their steps in, nothing stays charged and the words are the same', async () => {
  await fc.assert(
    fc.asyncProperty(fc.scheduler(), fc.boolean(), async (scheduler, isForgetful) => {
      const scheduled = <T extends object>(part: T): T =>
        new Proxy(part, {
          get: (target, name) =>
            scheduler.scheduleFunction((...parameters: unknown[]) =>
              (target[name as keyof T] as (...parameters: unknown[]) => Promise<unknown>)(...parameters),
            ),
        });
      const asked = request();
      const events = [
        bookingRequested(asked),
        seatUnavailable(asked),
        bookingRequested(asked),
        seatReleased(asked),
        bookingCancelled(asked),
      ];
      const guard: Once = isForgetful ? (_id, _operation, work) => work() : createInMemoryOnce();
      const listen = serve({ store: scheduled(store), provider: scheduled(provider), once: guard });
      const spoken: AirlineEvent[] = [];
      const again: Heard[] = [];
      const runs = events.map((event) =>
        listen(event).then(
          (answer) => spoken.push(...answer),
          () => again.push(event),
        ),
      );
      await scheduler.waitFor(Promise.all(runs));
      spoken.push(...(await deliver(hear, again)));
      expectGivenBack(asked, spoken, 'seat-unavailable|hold-expired|cancelled');
    }),
    { numRuns: 300 },
  );
});

import type { AirlineEvent } from '@airline/events-schemas/events';
import { findFirstMistake } from '@airline/events-schemas/find-first-mistake';
import { UnprocessableEventError } from '@airline/messaging/consume';
import { createInMemoryOnce } from '@airline/messaging/in-memory-once';
import type { Once } from '@airline/messaging/once';
import { beforeEach, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { createHandlers, recordingMilliseconds } from '../src/handlers.ts';
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

type HandledEvent = AirlineEvent<'BookingRequested' | 'SeatUnavailable' | 'SeatReleased' | 'BookingCancelled'>;
type Handle = (event: HandledEvent) => Promise<readonly AirlineEvent[]>;

let clock: string;
let store: PaymentStore;
let provider: InMemoryPaymentProvider;
let once: Once;
let lose: NonNullable<InMemoryPaymentProviderOptions['lose']>;
let handle: Handle;

function serve(parts: { store: PaymentStore; provider: PaymentProvider; once: Once }): Handle {
  const handlers = createHandlers({ ...parts, now: () => new Date(clock) });
  return async (event) => {
    const events = await (handlers[event.type] as (event: AirlineEvent) => Promise<readonly AirlineEvent[]>)(event);
    for (const { type, ...detail } of events) expect(findFirstMistake(type, detail)).toBeUndefined();
    return events;
  };
}

beforeEach(() => {
  clock = now;
  lose = () => undefined;
  store = createInMemoryPaymentStore();
  provider = createInMemoryPaymentProvider({ now: () => new Date(clock), lose: (...request) => lose(...request) });
  once = createInMemoryOnce();
  handle = serve({ store, provider, once });
});

const namesOf = (events: readonly AirlineEvent[]): string[] =>
  events.map(({ type, data }) => ('reason' in data ? `${type}(${data.reason})` : type));
const stateOf = async ({ bookingId }: Request): Promise<string | undefined> =>
  (await store.load(bookingId))?.record.state;
const moved = ({ bookingId }: Request): { charged: number; refunded: number } => provider.movedFor(bookingId);
const nothing = { charged: 0, refunded: 0 };

/** Lets the next request of an operation time out. */
function loseNext(operation: keyof PaymentProvider, loss: 'before' | 'after'): void {
  let isDone = false;
  lose = (requested) => {
    if (requested !== operation || isDone) return undefined;
    isDone = true;
    return loss;
  };
}

/** The operations that the provider is booking for during a run. */
async function requestsDuring(run: () => Promise<unknown>): Promise<string[]> {
  const requests: string[] = [];
  lose = (operation) => void requests.push(operation);
  await run();
  return requests;
}

/** A run whose charge timed out. The record is CHARGING, and only the provider has the outcome. */
async function charging(booking: Request, loss: 'before' | 'after'): Promise<void> {
  loseNext('confirm', loss);
  await expect(handle(bookingRequested(booking))).rejects.toThrow('timed out');
  expect(await stateOf(booking)).toBe('CHARGING');
}

describe('none', () => {
  test('none × BookingRequested: charges the card and publishes PaymentOk', async () => {
    const booking = request();
    const answer = await handle(bookingRequested(booking));
    expect(namesOf(answer)).toEqual(['PaymentOk']);
    expect(answer[0]).toMatchObject({
      data: { bookingId: booking.bookingId, paymentId: 'pi_1', amountMinor: 8_100, currency: 'EUR', paidAt: now },
      metadata: {
        eventId: `${booking.bookingId}.PaymentOk`,
        causationId: `${booking.bookingId}.BookingRequested`,
        service: 'payments',
      },
    });
    expect(await stateOf(booking)).toBe('CHARGED');
    expect(moved(booking)).toEqual({ charged: 8_100, refunded: 0 });
  });

  test.each([
    ['pm_card_visa_chargeDeclined', 'generic_decline'],
    ['no such card', 'invalid_payment_method'],
  ])('none × BookingRequested: %s is declined and PaymentFailed is published', async (method, declineCode) => {
    const booking = paidWith(method);
    const answer = await handle(bookingRequested(booking));
    expect(namesOf(answer)).toEqual(['PaymentFailed(declined)']);
    expect(answer[0]!.data).toMatchObject({ declineCode });
    expect(await stateOf(booking)).toBe('DECLINED');
    expect(moved(booking)).toEqual(nothing);
  });

  test('none × BookingRequested past expiresAt: no charge is started, PaymentFailed(expired)', async () => {
    const booking = request({ expiresAt: now });
    expect(namesOf(await handle(bookingRequested(booking)))).toEqual(['PaymentFailed(expired)']);
    expect(moved(booking)).toEqual(nothing);
  });

  test.each([seatUnavailable, seatReleased, bookingCancelled])(
    'none × a no from elsewhere: leaves a tombstone and publishes nothing yet',
    async (no) => {
      const booking = request();
      expect(await handle(no(booking))).toEqual([]);
      expect(await stateOf(booking)).toBe('VOID');
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
  ])('tombstone × BookingRequested: never charges, and publishes the reason (%#)', async (no, answer) => {
    const booking = request({ bookingId: no.data.bookingId });
    await handle(no);
    const first = await handle(bookingRequested(booking));
    expect(namesOf(first)).toEqual([answer]);
    expect(moved(booking)).toEqual(nothing);
    clock = later;
    expect(await handle(bookingRequested(booking))).toEqual(first);
  });

  test('tombstone × a no from elsewhere: nothing', async () => {
    const booking = request();
    await handle(seatUnavailable(booking, 'taken'));
    expect(await handle(seatReleased(booking))).toEqual([]);
    expect(await handle(bookingCancelled(booking))).toEqual([]);
    expect(namesOf(await handle(bookingRequested(booking)))).toEqual(['PaymentFailed(seat-unavailable)']);
  });
});

test('tombstone × BookingRequested past expiresAt: the root reason is the cancellation', async () => {
  const booking = request({ expiresAt: now });
  await handle(bookingCancelled(booking));
  expect(namesOf(await handle(bookingRequested(booking)))).toEqual(['PaymentFailed(cancelled)']);
});

describe('CHARGING', () => {
  test('CHARGING × BookingCancelled: marks the charge and publishes nothing; the run that finds it charged refunds it', async () => {
    const booking = request();
    await charging(booking, 'after');
    expect(await handle(bookingCancelled(booking))).toEqual([]);
    expect(namesOf(await handle(bookingRequested(booking)))).toEqual(['PaymentOk', 'PaymentRefunded(cancelled)']);
    expect(moved(booking)).toEqual({ charged: 8_100, refunded: 8_100 });
  });

  test('CHARGING × BookingCancelled: what is not charged yet is not charged any more', async () => {
    const booking = request();
    await charging(booking, 'before');
    await handle(bookingCancelled(booking));
    expect(namesOf(await handle(bookingRequested(booking)))).toEqual(['PaymentFailed(cancelled)']);
    expect(moved(booking)).toEqual(nothing);
  });

  test('CHARGING × BookingCancelled: an earlier no keeps its reason', async () => {
    const booking = request();
    await charging(booking, 'after');
    await handle(seatUnavailable(booking));
    expect(await handle(bookingCancelled(booking))).toEqual([]);
    expect(namesOf(await handle(bookingRequested(booking)))).toEqual([
      'PaymentOk',
      'PaymentRefunded(seat-unavailable)',
    ]);
  });

  test.each(['before', 'after'] as const)(
    'CHARGING × BookingRequested: a timeout %s the charge is no answer; the provider is booking again',
    async (loss) => {
      const booking = request();
      await charging(booking, loss);
      expect(namesOf(await handle(bookingRequested(booking)))).toEqual(['PaymentOk']);
      expect(moved(booking)).toEqual({ charged: 8_100, refunded: 0 });
    },
  );

  test('CHARGING × BookingRequested: a decline whose answer was lost is still a decline', async () => {
    const booking = paidWith('pm_card_visa_chargeDeclined');
    await charging(booking, 'after');
    expect(namesOf(await handle(bookingRequested(booking)))).toEqual(['PaymentFailed(declined)']);
  });

  test.each(['before', 'after'] as const)(
    'CHARGING × BookingRequested: charges once, even if redriven after the provider forgot its keys (%s)',
    async (loss) => {
      const booking = request();
      await charging(booking, loss);
      provider.forgetIdempotencyKeys();
      handle = serve({ store, provider, once: createInMemoryOnce() });
      expect(namesOf(await handle(bookingRequested(booking)))).toEqual(['PaymentOk']);
      expect(moved(booking)).toEqual({ charged: 8_100, refunded: 0 });
    },
  );

  test('CHARGING × BookingRequested: a later run looks the intent up first', async () => {
    const booking = request();
    await charging(booking, 'after');
    expect(await requestsDuring(() => handle(bookingRequested(booking)))).toEqual(['findIntent']);
  });

  test('CHARGING × BookingRequested: an intent whose id was never stored is never charged', async () => {
    const booking = request();
    loseNext('createIntent', 'after');
    await expect(handle(bookingRequested(booking))).rejects.toThrow('timed out');
    provider.forgetIdempotencyKeys();
    expect(namesOf(await handle(bookingRequested(booking)))).toEqual(['PaymentOk']);
    expect(moved(booking)).toEqual({ charged: 8_100, refunded: 0 });
  });

  test('CHARGING × BookingRequested past expiresAt: a charge that was made in time stays', async () => {
    const booking = request({ expiresAt: later });
    await charging(booking, 'after');
    clock = later;
    const answer = await handle(bookingRequested(booking));
    expect(namesOf(answer)).toEqual(['PaymentOk']);
    expect(answer[0]!.data).toMatchObject({ paidAt: now });
  });

  test('CHARGING × BookingRequested past expiresAt: an intent that was not charged is cancelled first, then PaymentFailed(expired)', async () => {
    const booking = request({ expiresAt: later });
    await charging(booking, 'before');
    clock = later;
    const intentId = 'pi_1';
    expect(namesOf(await handle(bookingRequested(booking)))).toEqual(['PaymentFailed(expired)']);
    expect(await provider.findIntent(intentId)).toEqual({ kind: 'cancelled' });
    expect(await provider.confirm({ bookingId: booking.bookingId, intentId, amountMinor: 8_100 })).toEqual({
      kind: 'cancelled',
    });
    expect(moved(booking)).toEqual(nothing);
  });

  test('CHARGING × a no from elsewhere: marks the charge and publishes nothing; the run that finds it charged refunds it', async () => {
    const booking = request();
    await charging(booking, 'after');
    expect(await handle(seatUnavailable(booking))).toEqual([]);
    expect((await store.load(booking.bookingId))?.record).toMatchObject({
      state: 'CHARGING',
      refund: { reason: 'seat-unavailable' },
    });
    expect(moved(booking)).toEqual({ charged: 8_100, refunded: 0 });
    expect(namesOf(await handle(bookingRequested(booking)))).toEqual([
      'PaymentOk',
      'PaymentRefunded(seat-unavailable)',
    ]);
    expect(moved(booking)).toEqual({ charged: 8_100, refunded: 8_100 });
    expect(await handle(seatReleased(booking))).toHaveLength(1);
  });

  test('CHARGING × a no from elsewhere: what is not charged yet is not charged any more', async () => {
    const booking = request();
    await charging(booking, 'before');
    await handle(seatReleased(booking));
    expect(namesOf(await handle(bookingRequested(booking)))).toEqual(['PaymentFailed(hold-expired)']);
    expect(moved(booking)).toEqual(nothing);
  });

  test('CHARGING × a no from elsewhere: a declined card stays declined', async () => {
    const booking = paidWith('pm_card_visa_chargeDeclined');
    await charging(booking, 'after');
    await handle(seatUnavailable(booking));
    expect(namesOf(await handle(bookingRequested(booking)))).toEqual(['PaymentFailed(declined)']);
  });

  test.each(['createIntent', 'confirm'] as const)(
    'CHARGING × a no from elsewhere: during %s, the run that charges finds the mark',
    async (operation) => {
      const booking = request();
      let no: Promise<readonly AirlineEvent[]> | undefined;
      lose = (requested) => {
        if (requested === operation) no ??= handle(seatUnavailable(booking));
        return undefined;
      };
      const answer = await handle(bookingRequested(booking));
      expect(await no).toEqual([]);
      expect(namesOf(answer)).toEqual(
        operation === 'confirm'
          ? ['PaymentOk', 'PaymentRefunded(seat-unavailable)']
          : ['PaymentFailed(seat-unavailable)'],
      );
      expect(moved(booking).charged).toBe(moved(booking).refunded);
    },
  );

  test('CHARGING × BookingRequested: a second delivery during the charge fails, and has the same answer afterwards', async () => {
    const booking = request();
    let beside: Promise<unknown> | undefined;
    lose = (operation) => {
      if (operation === 'confirm') beside ??= handle(bookingRequested(booking)).catch((error: Error) => error.name);
      return undefined;
    };
    const first = await handle(bookingRequested(booking));
    expect(await beside).toBe('AlreadyInProgressError');
    expect(await handle(bookingRequested(booking))).toEqual(first);
    expect(moved(booking)).toEqual({ charged: 8_100, refunded: 0 });
  });
});

describe('CHARGED', () => {
  test('CHARGED × BookingRequested: publishes the same PaymentOk again', async () => {
    const booking = request();
    const first = await handle(bookingRequested(booking));
    clock = later;
    expect(await handle(bookingRequested(booking))).toEqual(first);
    expect(moved(booking)).toEqual({ charged: 8_100, refunded: 0 });
  });

  test.each([
    [seatUnavailable, 'seat-unavailable'],
    [seatReleased, 'hold-expired'],
    [bookingCancelled, 'cancelled'],
  ] as const)('CHARGED × a no from elsewhere: refunds and publishes PaymentRefunded (%#)', async (no, reason) => {
    const booking = request();
    await handle(bookingRequested(booking));
    const answer = await handle(no(booking));
    expect(answer).toHaveLength(1);
    expect(answer[0]).toMatchObject({
      type: 'PaymentRefunded',
      data: {
        bookingId: booking.bookingId,
        paymentId: 'pi_1',
        refundId: 're_pi_1',
        amountMinor: 8_100,
        currency: 'EUR',
        reason,
      },
      metadata: { eventId: `${booking.bookingId}.PaymentRefunded`, causationId: no(booking).metadata.eventId },
    });
    expect(await stateOf(booking)).toBe('REFUNDED');
    expect(moved(booking)).toEqual({ charged: 8_100, refunded: 8_100 });
  });

  test.each([
    ['before', 'BookingRequested'],
    ['after', 'BookingRequested'],
    ['before', 'the no'],
    ['after', 'the no'],
  ] as const)(
    'CHARGED × a no from elsewhere: a refund that timed out %s it was made is completed by %s, and made once',
    async (loss, event) => {
      const booking = request();
      await handle(bookingRequested(booking));
      loseNext('refund', loss);
      await expect(handle(seatUnavailable(booking))).rejects.toThrow('timed out');
      expect((await store.load(booking.bookingId))?.record).toMatchObject({
        state: 'CHARGED',
        refund: { reason: 'seat-unavailable' },
      });
      const answer = await handle(event === 'the no' ? seatUnavailable(booking) : bookingRequested(booking));
      expect(namesOf(answer)).toEqual([
        ...(event === 'the no' ? [] : ['PaymentOk']),
        'PaymentRefunded(seat-unavailable)',
      ]);
      expect(moved(booking)).toEqual({ charged: 8_100, refunded: 8_100 });
    },
  );
});

test('CHARGED × a no from elsewhere: an existing refund is looked up, and not made again', async () => {
  const booking = request();
  await handle(bookingRequested(booking));
  loseNext('refund', 'after');
  await expect(handle(seatUnavailable(booking))).rejects.toThrow('timed out');
  expect(await requestsDuring(() => handle(seatUnavailable(booking)))).toEqual(['findRefund']);
});

describe('DECLINED', () => {
  test('DECLINED × BookingRequested: publishes the same PaymentFailed again', async () => {
    const booking = paidWith('pm_card_visa_chargeDeclined');
    const first = await handle(bookingRequested(booking));
    clock = later;
    expect(await handle(bookingRequested(booking))).toEqual(first);
  });

  test.each([
    seatUnavailable(request(), 'payment-failed'),
    seatUnavailable(request()),
    seatReleased(request()),
    bookingCancelled(request()),
  ])('DECLINED × a no from elsewhere: nothing (%#)', async (no) => {
    const booking = { ...paidWith('pm_card_visa_chargeDeclined'), bookingId: no.data.bookingId };
    const first = await handle(bookingRequested(booking));
    expect(await handle(no)).toEqual([]);
    expect(await handle(bookingRequested(booking))).toEqual(first);
  });
});

describe('REFUNDED', () => {
  test('REFUNDED × BookingRequested: publishes the same PaymentOk, then the same PaymentRefunded again', async () => {
    const booking = request();
    const [paid] = await handle(bookingRequested(booking));
    const [refunded] = await handle(seatUnavailable(booking));
    clock = later;
    expect(await handle(bookingRequested(booking))).toEqual([paid, refunded]);
    expect(moved(booking)).toEqual({ charged: 8_100, refunded: 8_100 });
  });

  test('REFUNDED × a no from elsewhere: publishes the same PaymentRefunded again for any no', async () => {
    const booking = request();
    await handle(bookingRequested(booking));
    const first = await handle(seatUnavailable(booking));
    clock = later;
    expect(await handle(seatUnavailable(booking))).toEqual(first);
    expect(await handle(seatReleased(booking, 'cancelled'))).toEqual(first);
    expect(await handle(bookingCancelled(booking))).toEqual(first);
    expect(moved(booking)).toEqual({ charged: 8_100, refunded: 8_100 });
  });
});

describe('a second request with the same bookingId', () => {
  test('with another payment can never be handled, and the first request stands', async () => {
    const booking = request();
    const first = await handle(bookingRequested(booking));
    const other = { ...booking, payment: { ...booking.payment, amountMinor: 1 } };
    await expect(handle(bookingRequested(other))).rejects.toThrow(UnprocessableEventError);
    await expect(handle(bookingRequested(other))).rejects.toMatchObject({ reason: 'conflicting-request' });
    expect(await handle(bookingRequested(booking))).toEqual(first);
  });

  test('with other times and unknown fields is the same request', async () => {
    const booking = request();
    const first = await handle(bookingRequested(booking));
    expect(await handle(bookingRequested({ ...booking, requestedAt: later, wishes: 'window' } as Request))).toEqual(
      first,
    );
  });
});

test('the record has no personal data', async () => {
  const booking = request();
  await handle(bookingRequested(booking));
  await handle(seatUnavailable(booking));
  expect(JSON.stringify(await store.load(booking.bookingId))).not.toMatch(/Ada|example\.com/);
});

/** Delivers events like SQS: a failed one is delivered again, until all are handled. @returns the published events */
async function deliver(handleEvent: Handle, events: HandledEvent[]): Promise<AirlineEvent[]> {
  const published: AirlineEvent[] = [];
  let waiting = events;
  for (let round = 0; waiting.length > 0; round++) {
    if (round > 20) throw new Error('Some events fail again and again.');
    const failed: HandledEvent[] = [];
    for (const event of waiting) {
      await handleEvent(event).then(
        (answer) => published.push(...answer),
        () => failed.push(event),
      );
    }
    waiting = failed;
  }
  return published;
}

/** The published events without repetitions. Two events with the same id must be equal. */
function facts(published: AirlineEvent[]): string[] {
  const byId = new Map<string, AirlineEvent>();
  for (const event of published) {
    expect(byId.get(event.metadata.eventId) ?? event).toEqual(event);
    byId.set(event.metadata.eventId, event);
  }
  return namesOf([...byId.values()]).sort();
}

/** Checks a booking that failed elsewhere after all its events are handled. */
function expectNothingCharged(booking: Request, published: AirlineEvent[], reasons: string): void {
  expect(facts(published).join()).toMatch(
    new RegExp(`^(PaymentFailed\\((${reasons})\\)|PaymentOk,PaymentRefunded\\((${reasons})\\))$`),
  );
  const { charged, refunded } = moved(booking);
  expect(charged).toBe(refunded);
  expect(charged).toBe(facts(published).length === 2 ? 8_100 : 0);
}

test('in every order of a request and three nos, each delivered twice, nothing stays charged, and repeated events are equal', async () => {
  const kinds = [0, 0, 1, 1, 2, 2, 3, 3];
  await fc.assert(
    fc.asyncProperty(fc.shuffledSubarray([...kinds.keys()], { minLength: kinds.length }), async (order) => {
      const booking = request();
      const events = [
        bookingRequested(booking),
        seatUnavailable(booking),
        seatReleased(booking),
        bookingCancelled(booking),
      ];
      expectNothingCharged(
        booking,
        await deliver(
          handle,
          order.map((index) => events[kinds[index]!]!),
        ),
        'seat-unavailable|hold-expired|cancelled',
      );
    }),
    { numRuns: 200 },
  );
});

/** A port with crashing calls: before or after the call, as `crashes` returns. */
function crashing<T extends object>(port: T, crashes: () => 'before' | 'after' | undefined): T {
  return new Proxy(port, {
    get:
      (target, name) =>
      async (...parameters: unknown[]) => {
        const crash = crashes();
        if (crash === 'before') throw new Error('crashed');
        const result: unknown = await (target[name as keyof T] as (...parameters: unknown[]) => unknown)(...parameters);
        if (crash === 'after') throw new Error('crashed');
        return result;
      },
  });
}

describe.each(['before', 'after'] as const)('redelivery completes a run that crashed %s a step', (crash) => {
  test.each<[string, (booking: Request) => HandledEvent[], string, number]>([
    ['a charge', (booking) => [bookingRequested(booking)], 'PaymentOk', 8_100],
    [
      'a refund',
      (booking) => [bookingRequested(booking), seatUnavailable(booking)],
      'PaymentOk,PaymentRefunded(seat-unavailable)',
      0,
    ],
    [
      'a tombstone',
      (booking) => [seatUnavailable(booking), bookingRequested(booking)],
      'PaymentFailed(seat-unavailable)',
      0,
    ],
    [
      'a cancellation',
      (booking) => [bookingRequested(booking), bookingCancelled(booking)],
      'PaymentOk,PaymentRefunded(cancelled)',
      0,
    ],
    [
      'a cancellation that comes first',
      (booking) => [bookingCancelled(booking), bookingRequested(booking)],
      'PaymentFailed(cancelled)',
      0,
    ],
  ])('%s, at any step', async (_, script, expected, net) => {
    let step = 0;
    for (let isOver = false; !isOver; step++) {
      let calls = 0;
      const crashes = (): typeof crash | undefined => (calls++ === step ? crash : undefined);
      const booking = request();
      // The new `once` stands for a guard that is free again after its run has crashed.
      const handleEvent = serve({
        store: crashing(store, crashes),
        provider: crashing(provider, crashes),
        once: createInMemoryOnce(),
      });
      const published: AirlineEvent[] = [];
      for (const event of script(booking)) published.push(...(await deliver(handleEvent, [event])));
      expect(facts(published).join()).toBe(expected);
      expect(moved(booking).charged - moved(booking).refunded).toBe(net);
      isOver = calls <= step;
    }
    expect(step).toBeGreaterThan(2);
  });
});

test('in every interleaving of two deliveries of a request and three nos, nothing stays charged, and repeated events are equal', async () => {
  await fc.assert(
    fc.asyncProperty(fc.scheduler(), fc.boolean(), async (scheduler, isForgetful) => {
      const scheduled = <T extends object>(port: T): T =>
        new Proxy(port, {
          get: (target, name) =>
            scheduler.scheduleFunction((...parameters: unknown[]) =>
              (target[name as keyof T] as (...parameters: unknown[]) => Promise<unknown>)(...parameters),
            ),
        });
      const booking = request();
      const events = [
        bookingRequested(booking),
        seatUnavailable(booking),
        bookingRequested(booking),
        seatReleased(booking),
        bookingCancelled(booking),
      ];
      const guard: Once = isForgetful ? (_id, _operation, work) => work() : createInMemoryOnce();
      const handleEvent = serve({ store: scheduled(store), provider: scheduled(provider), once: guard });
      const published: AirlineEvent[] = [];
      const again: HandledEvent[] = [];
      const runs = events.map((event) =>
        handleEvent(event).then(
          (answer) => published.push(...answer),
          () => again.push(event),
        ),
      );
      await scheduler.waitFor(Promise.all(runs));
      published.push(...(await deliver(handle, again)));
      expectNothingCharged(booking, published, 'seat-unavailable|hold-expired|cancelled');
    }),
    { numRuns: 300 },
  );
});

test('every request to the provider ends before the deadline of its message, with time to record the result', async () => {
  const ends: [string, unknown][] = [];
  const watched = new Proxy(provider, {
    get:
      (target, operation: keyof PaymentProvider) =>
      (...parameters: unknown[]) => {
        ends.push([operation, parameters.at(-1)]);
        return (target[operation] as (...all: unknown[]) => Promise<unknown>)(...parameters);
      },
  });
  const handlers = createHandlers({ store, provider: watched, once, now: () => new Date(clock) });
  const delivery = { receiveCount: 1, deadline: 100_000 };
  const [booking, uncharged] = [request(), request({ expiresAt: later })];
  loseNext('confirm', 'after');
  await expect(handlers.BookingRequested(bookingRequested(booking), delivery)).rejects.toThrow('timed out');
  await handlers.BookingRequested(bookingRequested(booking), delivery);
  await handlers.SeatUnavailable(seatUnavailable(booking), delivery);
  loseNext('confirm', 'before');
  await expect(handlers.BookingRequested(bookingRequested(uncharged), delivery)).rejects.toThrow('timed out');
  clock = later;
  await handlers.BookingRequested(bookingRequested(uncharged), delivery);
  const operations = ['cancel', 'confirm', 'createIntent', 'findIntent', 'findRefund', 'refund'];
  expect([...new Set(ends.map(([operation]) => operation))].sort()).toEqual(operations);
  expect(ends.filter(([, until]) => until !== 100_000 - recordingMilliseconds)).toEqual([]);
});

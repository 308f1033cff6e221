import type { AirlineEvent } from '@airline/events-schemas/events';
import { catalogue } from '@airline/events-schemas/generated/catalogue';
import { beforeEach, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { type Fact, type FactType, foldStatus } from '../src/domain.ts';
import type { FactStore } from '../src/fact-store.ts';
import { createHandlers } from '../src/handlers.ts';
import { createInMemoryFactStore } from '../src/in-memory-fact-store.ts';
import { bookingId, events, facts, happy, heardAt, permutations } from './fixtures.ts';

let store: FactStore;
let clock: string;
let hear: (event: AirlineEvent<FactType>) => Promise<readonly AirlineEvent[]>;

function serve(served: FactStore): typeof hear {
  const handlers = createHandlers({ store: served, now: () => new Date(clock) });
  return (event) => (handlers[event.type] as (event: AirlineEvent) => Promise<readonly AirlineEvent[]>)(event);
}

beforeEach(() => {
  store = createInMemoryFactStore();
  clock = heardAt;
  hear = serve(store);
});

const answer = async () => foldStatus(await store.list(bookingId));

test.each(Object.values(events).map((make) => make()))('$type: is kept, and nothing is said', async (event) => {
  expect(await hear(event)).toEqual([]);
  expect(await store.list(bookingId)).toEqual(facts(event));
});

test('each of the 24 orders in which the happy events can arrive, each heard twice, gives the same answer', async () => {
  for (const order of permutations(happy)) {
    store = createInMemoryFactStore();
    hear = serve(store);
    for (const event of [...order, ...order]) await hear(event);
    expect(await answer()).toEqual(foldStatus(facts(...happy)));
  }
});

test('any failed flow, repeated and reordered in any way, gives the same answer', async () => {
  const flow = [events.requested(), events.seatBooked(), events.paymentFailed(), events.seatReleased()];
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.constantFrom(...flow), { maxLength: 8 }),
      fc.shuffledSubarray(flow, { minLength: flow.length }),
      async (before, all) => {
        store = createInMemoryFactStore();
        hear = serve(store);
        for (const event of [...before, ...all]) await hear(event);
        expect(await answer()).toEqual(foldStatus(facts(...flow)));
      },
    ),
  );
});

test('what was heard first stands, its time included', async () => {
  await hear(events.requested());
  clock = '2026-12-02T00:00:00.000Z';
  await hear(events.requested());
  expect((await store.list(bookingId))[0]!.heardAt).toBe(heardAt);
});

describe('BookingRequested again', () => {
  test.each([
    ['another flight', { flightId: 'KL1003-20261218' }],
    ['another seat', { seats: ['12A', '12D'] }],
    ['another amount', { payment: { method: 'pm_card_visa', amountMinor: 1, currency: 'EUR' } }],
    ['another currency', { payment: { method: 'pm_card_visa', amountMinor: 16_200, currency: 'USD' } }],
  ])('with %s: is a conflicting request, and the first stands', async (_, data) => {
    await hear(events.requested());
    const before = await store.list(bookingId);
    const conflict = { name: 'UnprocessableEventError', reason: 'conflicting-request' };
    await expect(hear(events.requested(data))).rejects.toMatchObject(conflict);
    expect(await store.list(bookingId)).toEqual(before);
  });

  test('with another requestedAt and other metadata only: is the same request', async () => {
    await hear(events.requested());
    const again = events.requested({ requestedAt: '2026-12-01T10:00:00Z' });
    expect(await hear({ ...again, metadata: { ...again.metadata, eventId: 'another' } })).toEqual([]);
  });
});

test('nothing personal is kept: neither what the contract marks today, nor a field that it gains tomorrow', async () => {
  for (const make of Object.values(events)) {
    const event = structuredClone<AirlineEvent<FactType>>(make());
    type Fields = Record<string, unknown>;
    const data: Fields = event.data;
    data.phone = 'PERSONAL';
    for (const path of catalogue[event.type].personal) {
      const parent = path.slice(0, -1).reduce((value, name) => value[name] as Fields, data);
      parent[path[path.length - 1]!] = 'PERSONAL';
    }
    await hear(event);
  }
  const kept = JSON.stringify(await store.list(bookingId));
  expect(kept).toContain('BookingRequested');
  expect(kept).not.toContain('PERSONAL');
  expect(kept).not.toContain('pm_card_visa');
});

test('a store that fails at any step is healed by redelivery', async () => {
  for (const failing of ['keep', 'list'] as const) {
    for (const when of ['before', 'after'] as const) {
      const kept = createInMemoryFactStore();
      let failures = 1;
      const flaky = async <T>(name: string, work: () => Promise<T>): Promise<T> => {
        const fails = name === failing && failures-- > 0;
        if (fails && when === 'before') throw new Error('crash');
        const result = await work();
        if (fails) throw new Error('crash');
        return result;
      };
      const deliver = serve({
        ...kept,
        keep: (id: string, fact: Fact) => flaky('keep', () => kept.keep(id, fact)),
        list: (id: string) => flaky('list', () => kept.list(id)),
      });
      for (const event of [...happy, events.requested()]) await deliver(event).catch(() => deliver(event));
      expect(foldStatus(await kept.list(bookingId))).toEqual(foldStatus(facts(...happy)));
    }
  }
});

import type { AirlineEvent } from '@airline/events-schemas/events';
import { catalogue } from '@airline/events-schemas/generated/catalogue';
import { beforeEach, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { type Fact, type FactType, foldStatus } from '../src/domain.ts';
import type { FactStore } from '../src/fact-store.ts';
import { createHandlers } from '../src/handlers.ts';
import { createInMemoryFactStore } from '../src/in-memory-fact-store.ts';
import { bookingId, events, facts, happy, heardAt, permutations } from './fixtures.ts';

let store: ReturnType<typeof createInMemoryFactStore>;
let clock: string;
let handle: (event: AirlineEvent<FactType>) => Promise<readonly AirlineEvent[]>;

function createHandle(factStore: FactStore): typeof handle {
  const handlers = createHandlers({ store: factStore, now: () => new Date(clock) });
  return (event) => (handlers[event.type] as (event: AirlineEvent) => Promise<readonly AirlineEvent[]>)(event);
}

beforeEach(() => {
  store = createInMemoryFactStore();
  clock = heardAt;
  handle = createHandle(store);
});

const answer = async () => foldStatus(await store.list(bookingId));

test.each(Object.values(events).map((make) => make()))('$type: is stored, and nothing is published', async (event) => {
  expect(await handle(event)).toEqual([]);
  expect(await store.list(bookingId)).toEqual(facts(event));
});

test('all 24 orders of the events of a confirmed booking, each delivered twice, lead to the same status', async () => {
  for (const order of permutations(happy)) {
    store = createInMemoryFactStore();
    handle = createHandle(store);
    for (const [index, event] of [...order, ...order].entries()) {
      await handle(event);
      const { settled } = foldStatus(facts(...order.slice(0, index + 1)));
      expect(await store.listUnsettled()).toHaveLength(settled ? 0 : 1);
    }
    expect(await answer()).toEqual(foldStatus(facts(...happy)));
  }
});

test('a run that crashed before it wrote the index is repeated, and the index is right', async () => {
  for (const event of happy.slice(0, 3)) await handle(event);
  let crashes = true;
  const crashing: FactStore = {
    ...store,
    index: (...entry) => (crashes ? Promise.reject(new Error('crashed')) : store.index(...entry)),
  };
  await expect(createHandle(crashing)(happy[3]!)).rejects.toThrow('crashed');
  expect(await store.listUnsettled()).toHaveLength(1);
  crashes = false;
  await createHandle(crashing)(happy[3]!);
  expect(await store.listUnsettled()).toEqual([]);
});

test('any order of the events of a failed booking, with any duplicates, leads to the same status', async () => {
  const flow = [events.requested(), events.seatBooked(), events.paymentFailed(), events.seatReleased()];
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.constantFrom(...flow), { maxLength: 8 }),
      fc.shuffledSubarray(flow, { minLength: flow.length }),
      async (before, all) => {
        store = createInMemoryFactStore();
        handle = createHandle(store);
        for (const event of [...before, ...all]) await handle(event);
        expect(await answer()).toEqual(foldStatus(facts(...flow)));
      },
    ),
  );
});

test('a duplicate does not change the stored fact, nor the time when it was received', async () => {
  await handle(events.requested());
  clock = '2026-12-02T00:00:00.000Z';
  await handle(events.requested());
  expect((await store.list(bookingId))[0]!.heardAt).toBe(heardAt);
});

describe('BookingRequested again', () => {
  test.each([
    ['another flight', { flightId: 'KL1003-20261218' }],
    ['another seat', { seats: ['12A', '12D'] }],
    ['another amount', { payment: { method: 'pm_card_visa', amountMinor: 1, currency: 'EUR' } }],
    ['another currency', { payment: { method: 'pm_card_visa', amountMinor: 16_200, currency: 'USD' } }],
  ])('with %s: is a conflicting request, and the first one stands', async (_, data) => {
    await handle(events.requested());
    const before = await store.list(bookingId);
    const conflict = { name: 'UnprocessableEventError', reason: 'conflicting-request' };
    await expect(handle(events.requested(data))).rejects.toMatchObject(conflict);
    expect(await store.list(bookingId)).toEqual(before);
  });

  test('with another requestedAt and other metadata only: is a duplicate', async () => {
    await handle(events.requested());
    const again = events.requested({ requestedAt: '2026-12-01T10:00:00Z' });
    expect(await handle({ ...again, metadata: { ...again.metadata, eventId: 'another' } })).toEqual([]);
  });
});

test('no personal data is stored: no field that the contract marks, and no field that it may gain', async () => {
  expect(catalogue.BookingRequested.personal).toContainEqual(['passenger', 'email']);
  for (const make of Object.values(events)) {
    const event = structuredClone<AirlineEvent<FactType>>(make());
    type Fields = Record<string, unknown>;
    const data: Fields = event.data;
    data.phone = 'PERSONAL';
    for (const path of catalogue[event.type].personal) {
      const parent = path.slice(0, -1).reduce((value, name) => value[name] as Fields, data);
      parent[path[path.length - 1]!] = 'PERSONAL';
    }
    await handle(event);
  }
  const stored = JSON.stringify(await store.list(bookingId));
  expect(stored).toContain('BookingRequested');
  expect(stored).not.toContain('PERSONAL');
  expect(stored).not.toContain('pm_card_visa');
});

test('a failure of the store at any step is healed by redelivery', async () => {
  for (const failing of ['keep', 'list'] as const) {
    for (const when of ['before', 'after'] as const) {
      const healthy = createInMemoryFactStore();
      let remaining = 1;
      const flaky = async <T>(name: string, work: () => Promise<T>): Promise<T> => {
        const fails = name === failing && remaining > 0;
        if (fails) remaining -= 1;
        if (fails && when === 'before') throw new Error('crash');
        const result = await work();
        if (fails) throw new Error('crash');
        return result;
      };
      const deliver = createHandle({
        ...healthy,
        keep: (id: string, fact: Fact) => flaky('keep', () => healthy.keep(id, fact)),
        list: (id: string) => flaky('list', () => healthy.list(id)),
      });
      for (const event of [...happy, events.requested()]) await deliver(event).catch(() => deliver(event));
      expect(remaining).toBe(0);
      expect(foldStatus(await healthy.list(bookingId))).toEqual(foldStatus(facts(...happy)));
    }
  }
});

import { PublishError } from '@airline/messaging/publish';
import { beforeEach, describe, expect, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { createInMemoryIdempotency } from '../src/in-memory-idempotency.ts';
import { createInMemoryOwnerStore } from '../src/in-memory-owner-store.ts';
import { type Desk, fieldsOf, openDesk, request } from './fixtures.ts';

const ada = { claims: { sub: 'ada' } };
const grace = { claims: { sub: 'grace' } };

let desk: Desk;

beforeEach(async () => {
  desk = await openDesk();
});

/** @returns the id of the new booking */
async function bookedBy(customer = {}, body = request()): Promise<string> {
  const answer = await desk.post(body, {}, customer);
  return answer.body.bookingId as string;
}

describe('where customers log in, POST /bookings', () => {
  test.each([undefined, 'ada'])(
    'books in the name of the one who does, customerId in the body being %j',
    async (customerId) => {
      await bookedBy(ada, request(customerId === undefined ? {} : { customerId }));
      expect(desk.published).toMatchObject([{ type: 'BookingRequested', data: { customerId: 'ada' } }]);
    },
  );

  test("refuses somebody else's name", async () => {
    const answer = await desk.post(request({ customerId: 'ada' }), {}, grace);
    expect(answer).toMatchObject({ status: 403, headers: { 'content-type': 'application/problem+json' } });
    expect(fieldsOf(answer)).toEqual(['/customerId']);
    expect(JSON.stringify(answer.body)).not.toContain('ada');
    expect(desk.published).toEqual([]);
  });

  test.each<Record<string, string>>([{}, { sub: '' }, { sub: 'two\nlines' }, { sub: 'x'.repeat(201) }])(
    'refuses a token that names no customer: %j',
    async (claims) => {
      const answer = await desk.post(request(), {}, { claims });
      expect(answer).toMatchObject({ status: 403, body: { title: 'No customer' } });
      expect(desk.published).toEqual([]);
    },
  );

  test('an Idempotency-Key is its customer’s own', async () => {
    const key = { 'idempotency-key': 'first-booking' };
    const first = await desk.post(request(), key, ada);
    expect((await desk.post(request(), key, ada)).body.bookingId).toBe(first.body.bookingId);
    const others = await desk.post(request(), key, grace);
    expect(others.status).toBe(202);
    expect(others.body.bookingId).not.toBe(first.body.bookingId);
  });
});

describe('where customers log in, DELETE /bookings/{bookingId}', () => {
  test('cancels what the customer asked for', async () => {
    const bookingId = await bookedBy(ada);
    expect((await desk.cancel(bookingId, {}, ada)).status).toBe(202);
    expect(desk.published).toMatchObject([{}, { type: 'BookingCancelled', data: { bookingId } }]);
  });

  const others: [string, () => Promise<string>][] = [
    ["somebody else's", () => bookedBy(ada)],
    ["a guest's", () => bookedBy()],
    ["a guest's, who said to be that customer", () => bookedBy({}, request({ customerId: 'grace' }))],
    ['nobody’s', async () => randomUUID()],
  ];
  test.each(others)('knows nothing of a booking that is %s', async (_, book) => {
    const bookingId = await book();
    const before = desk.published.length;
    const answer = await desk.cancel(bookingId, {}, grace);
    expect(answer).toMatchObject({ status: 404, headers: { 'content-type': 'application/problem+json' } });
    expect(answer.body.detail).toBe(`You have no booking ${bookingId} that was made here. Nothing was cancelled.`);
    expect(desk.published).toHaveLength(before);
  });

  test('refuses a malformed id and a token without a customer before it looks', async () => {
    expect((await desk.cancel('42', {}, ada)).status).toBe(400);
    expect((await desk.cancel(randomUUID(), {}, { claims: {} })).status).toBe(403);
  });

  test('the owner is kept before the request is said: whoever hears of a booking can be told from its owner', async () => {
    const owners = createInMemoryOwnerStore();
    const order: string[] = [];
    const keep = owners.keep.bind(owners);
    owners.keep = (ownership) => {
      order.push(`keep ${ownership.customerId} until after ${ownership.departureTime}`);
      return keep(ownership);
    };
    const idempotency = createInMemoryIdempotency();
    desk = await openDesk({
      owners,
      idempotency,
      publish: async () => (order.push('say'), [new PublishError('throttled')]),
    });
    const key = { 'idempotency-key': 'k' };
    expect((await desk.post(request(), key, ada)).status).toBe(503);
    expect(order).toEqual(['keep ada until after 2026-12-18T06:37:00Z', 'say']);

    const healed = await openDesk({ owners, idempotency });
    const { bookingId } = (await healed.post(request(), key, ada)).body as { bookingId: string };
    expect((await healed.cancel(bookingId, {}, ada)).status).toBe(202);
  });
});

describe('without an authorizer', () => {
  test('whoever knows the id cancels, as before; a customerId is taken at its word and makes no owner', async () => {
    const bookingId = await bookedBy({}, request({ customerId: 'ada' }));
    expect(desk.published).toMatchObject([{ data: { customerId: 'ada' } }]);
    expect((await desk.cancel(bookingId)).status).toBe(202);
  });

  test.each([
    ['POST', () => desk.post(request(), {}, { query: { dryRun: 'true' } })],
    ['DELETE', () => desk.cancel(randomUUID(), {}, { query: { dryRun: 'true' } })],
  ])('%s refuses a query parameter that it would ignore', async (_, ask) => {
    const answer = await ask();
    expect(answer.status).toBe(400);
    expect(fieldsOf(answer)).toEqual(['dryRun']);
    expect(desk.published).toEqual([]);
  });
});

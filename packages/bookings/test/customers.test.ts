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

/** @returns the bookingId of a new booking */
async function bookBy(customer = {}, body = request()): Promise<string> {
  const answer = await desk.post(body, {}, customer);
  return answer.body.bookingId as string;
}

describe('where customers log in, POST /bookings', () => {
  test.each([undefined, 'ada'])(
    'books for the customer of the token, if customerId in the body is %j',
    async (customerId) => {
      await bookBy(ada, request(customerId === undefined ? {} : { customerId }));
      expect(desk.published).toMatchObject([{ type: 'BookingRequested', data: { customerId: 'ada' } }]);
    },
  );

  test('refuses the customerId of another customer', async () => {
    const answer = await desk.post(request({ customerId: 'ada' }), {}, grace);
    expect(answer).toMatchObject({ status: 403, headers: { 'content-type': 'application/problem+json' } });
    expect(fieldsOf(answer)).toEqual(['/customerId']);
    expect(JSON.stringify(answer.body)).not.toContain('ada');
    expect(desk.published).toEqual([]);
  });

  test.each<Record<string, string>>([{}, { sub: '' }, { sub: 'two\nlines' }, { sub: 'x'.repeat(201) }])(
    'refuses a token that does not identify a customer: %j',
    async (claims) => {
      const answer = await desk.post(request(), {}, { claims });
      expect(answer).toMatchObject({ status: 403, body: { title: 'No customer' } });
      expect(desk.published).toEqual([]);
    },
  );

  test('two customers may use the same Idempotency-Key', async () => {
    const key = { 'idempotency-key': 'first-booking' };
    const first = await desk.post(request(), key, ada);
    expect((await desk.post(request(), key, ada)).body.bookingId).toBe(first.body.bookingId);
    const others = await desk.post(request(), key, grace);
    expect(others.status).toBe(202);
    expect(others.body.bookingId).not.toBe(first.body.bookingId);
  });
});

describe('where customers log in, DELETE /bookings/{bookingId}', () => {
  test('cancels a booking of the customer', async () => {
    const bookingId = await bookBy(ada);
    expect((await desk.cancel(bookingId, {}, ada)).status).toBe(202);
    expect(desk.published).toMatchObject([{}, { type: 'BookingCancelled', data: { bookingId } }]);
  });

  const others: [string, () => Promise<string>][] = [
    ['of another customer', () => bookBy(ada)],
    ['of a guest', () => bookBy()],
    ['of a guest who sent the customerId of this customer', () => bookBy({}, request({ customerId: 'grace' }))],
    ['that does not exist', async () => randomUUID()],
  ];
  test.each(others)('answers 404 to a booking %s', async (_, book) => {
    const bookingId = await book();
    const before = desk.published.length;
    const answer = await desk.cancel(bookingId, {}, grace);
    expect(answer).toMatchObject({ status: 404, headers: { 'content-type': 'application/problem+json' } });
    expect(answer.body.detail).toBe(`You did not request a booking ${bookingId} here. Nothing was cancelled.`);
    expect(desk.published).toHaveLength(before);
  });

  test('refuses a malformed bookingId and a token without a customer', async () => {
    expect((await desk.cancel('42', {}, ada)).status).toBe(400);
    expect((await desk.cancel(randomUUID(), {}, { claims: {} })).status).toBe(403);
  });

  test('stores the owner before it publishes the request', async () => {
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
      publish: async () => (order.push('publish'), [new PublishError('throttled')]),
    });
    const key = { 'idempotency-key': 'k' };
    expect((await desk.post(request(), key, ada)).status).toBe(503);
    expect(order).toEqual(['keep ada until after 2026-12-18T06:37:00Z', 'publish']);

    const healed = await openDesk({ owners, idempotency });
    const { bookingId } = (await healed.post(request(), key, ada)).body as { bookingId: string };
    expect((await healed.cancel(bookingId, {}, ada)).status).toBe(202);
  });
});

describe('without an authorizer', () => {
  test('everyone who knows the bookingId may cancel; a customerId in the body is published, but makes no owner', async () => {
    const bookingId = await bookBy({}, request({ customerId: 'ada' }));
    expect(desk.published).toMatchObject([{ data: { customerId: 'ada' } }]);
    expect((await desk.cancel(bookingId)).status).toBe(202);
  });

  test.each([
    ['POST', () => desk.post(request(), {}, { query: { dryRun: 'true' } })],
    ['DELETE', () => desk.cancel(randomUUID(), {}, { query: { dryRun: 'true' } })],
  ])('%s refuses an unknown query parameter', async (_, send) => {
    const answer = await send();
    expect(answer.status).toBe(400);
    expect(fieldsOf(answer)).toEqual(['dryRun']);
    expect(desk.published).toEqual([]);
  });
});

import { PublishError } from '@airline/messaging/publish';
import { beforeEach, describe, expect, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { createInMemoryCancellationStore } from '../src/in-memory-cancellation-store.ts';
import { type Desk, fieldsOf, now, openDesk } from './fixtures.ts';

let desk: Desk;
let clock: string;

beforeEach(async () => {
  clock = now;
  desk = await openDesk({ now: () => new Date(clock) });
});

describe('DELETE /bookings/{bookingId}', () => {
  test('publishes BookingCancelled, without a cause', async () => {
    const bookingId = randomUUID();
    const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00';
    const answer = await desk.cancel(bookingId, { traceparent });
    expect(answer).toMatchObject({ status: 202, headers: { location: `/bookings/${bookingId}` } });
    expect(answer.body).toEqual({ bookingId, cancelledAt: now, links: { self: `/bookings/${bookingId}` } });
    expect(desk.published).toEqual([
      {
        type: 'BookingCancelled',
        metadata: {
          eventId: `${bookingId}.BookingCancelled`,
          correlationId: bookingId,
          occurredAt: now,
          service: 'bookings',
          schemaVersion: 1,
          traceparent,
        },
        data: { bookingId, cancelledAt: now },
      },
    ]);
  });

  test('repeated later, publishes the identical event again', async () => {
    const bookingId = randomUUID();
    const first = await desk.cancel(bookingId);
    clock = '2026-12-02T00:00:00.000Z';
    expect(await desk.cancel(bookingId)).toEqual(first);
    expect(desk.published).toHaveLength(2);
    expect(desk.published[1]).toEqual(desk.published[0]);
  });

  test('of an id in capitals cancels the booking that has it in small letters', async () => {
    const bookingId = randomUUID();
    const answer = await desk.cancel(bookingId.toUpperCase());
    expect(answer).toMatchObject({ status: 202, body: { bookingId }, headers: { location: `/bookings/${bookingId}` } });
    expect(desk.published).toMatchObject([{ metadata: { correlationId: bookingId }, data: { bookingId } }]);
    expect(await desk.cancel(bookingId)).toEqual(answer);
  });

  test.each(['', '42', 'KL1001-20261218', '7f8c2f0e-3b1a-1c7e-9d55-1f6a2b3c4d5e'])(
    'a malformed bookingId, %j: 400',
    async (bookingId) => {
      const answer = await desk.cancel(bookingId);
      expect(answer).toMatchObject({ status: 400, headers: { 'content-type': 'application/problem+json' } });
      expect(fieldsOf(answer)).toEqual(['bookingId']);
      expect(desk.published).toEqual([]);
    },
  );

  test('a bus that fails: 503, and a retry publishes the event of the first try', async () => {
    const cancellations = createInMemoryCancellationStore();
    const failing = await openDesk({ cancellations, publish: async () => [new PublishError('throttled')] });
    const bookingId = randomUUID();
    const failed = await failing.cancel(bookingId);
    expect(failed).toMatchObject({ status: 503, headers: { 'retry-after': '2' } });
    expect(failed.body.detail).toContain('cancelling twice has the effect of cancelling once');

    clock = '2026-12-02T00:00:00.000Z';
    const healed = await openDesk({ cancellations, now: () => new Date(clock) });
    expect((await healed.cancel(bookingId)).body.cancelledAt).toBe(now);
    expect(healed.published).toMatchObject([{ data: { bookingId, cancelledAt: now } }]);
  });

  test('a table that fails: 503, and nothing is published', async () => {
    desk = await openDesk({ cancellations: { keep: () => Promise.reject(new Error('throttled')) } });
    expect((await desk.cancel(randomUUID())).status).toBe(503);
    expect(desk.published).toEqual([]);
  });
});

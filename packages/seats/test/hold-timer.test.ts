import type { SelfAddressedMessage } from '@airline/messaging/self-addressed';
import { describe, expect, test } from '@jest/globals';
import { bookingOf, createHoldTimer } from '../src/hold-timer.ts';
import { now, request } from './fixtures.ts';

const { bookingId } = request();

async function setTimer(dueAt: string): Promise<{ message: SelfAddressedMessage; delaySeconds: number }> {
  const sent: { message: SelfAddressedMessage; delaySeconds: number }[] = [];
  const timer = createHoldTimer({
    sendToSelf: async (message, delaySeconds) => void sent.push({ message, delaySeconds }),
    now: () => new Date(now),
  });
  await timer.set(bookingId, dueAt);
  return sent[0]!;
}

describe('a hold timer', () => {
  test('is a message that is delayed until the hold ends', async () => {
    const { message, delaySeconds } = await setTimer('2026-12-01T09:41:00.000Z');
    expect(delaySeconds).toBe(660);
    expect(message).toMatchObject({
      'detail-type': 'HoldExpired',
      source: 'airline.seats',
      time: now,
      detail: { data: { bookingId } },
    });
  });

  test('carries the bookingId', async () => {
    expect(bookingOf((await setTimer(now)).message)).toBe(bookingId);
  });

  test.each([
    ['another source', { source: 'airline.payments' }],
    ['no detail', { detail: null }],
    ['no data', { detail: {} }],
    ['a bookingId that is not text', { detail: { data: { bookingId: 7 } } }],
    ['an empty bookingId', { detail: { data: { bookingId: '' } } }],
    ['a bookingId that no store takes', { detail: { data: { bookingId: 'x'.repeat(3000) } } }],
  ])('with %s is rejected as unprocessable', async (_, change) => {
    const { message } = await setTimer(now);
    expect(() => bookingOf({ ...message, ...change })).toThrow(
      expect.objectContaining({ name: 'UnprocessableEventError', reason: 'schema-violation' }),
    );
  });
});

import { expect, test } from '@jest/globals';
import { openDesk, request } from './fixtures.ts';

test('a request is counted when it gets its bookingId, and not again when it is repeated with its Idempotency-Key', async () => {
  const counted: string[] = [];
  const desk = await openDesk({ onRecorded: ({ type }) => counted.push(type) });
  await desk.post(request(), { 'idempotency-key': 'one' });
  await desk.post(request(), { 'idempotency-key': 'one' });
  expect(counted).toEqual(['BookingRequested']);
  await desk.post(request());
  await desk.post({ ...request(), flightId: 'KL9999-20261218' });
  expect(counted).toEqual(['BookingRequested', 'BookingRequested']);
});

test('a repeated cancellation is counted once', async () => {
  const counted: string[] = [];
  const desk = await openDesk({ onRecorded: ({ type }) => counted.push(type) });
  const bookingId = '7f8c2f0e-3b1a-4c7e-9d55-1f6a2b3c4d5e';
  await desk.cancel(bookingId);
  await desk.cancel(bookingId);
  expect(counted).toEqual(['BookingCancelled']);
});

import { createPaymentProvider } from '@airline/local-cloud/payment-provider/payment-provider';
import { type AirlineEvent, sourceOf } from '@airline/events-schemas/events';
import { handlersReserveMilliseconds } from '@airline/messaging/batch-time';
import { createConsumer, type Handlers } from '@airline/messaging/consume';
import { createInMemoryOnce } from '@airline/messaging/in-memory-once';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Context, SQSRecord } from 'aws-lambda';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import Stripe from 'stripe';
import { createHandlers, recordingMilliseconds } from '../src/handlers.ts';
import { createInMemoryPaymentStore } from '../src/in-memory-payment-store.ts';
import { createStripePaymentProvider } from '../src/stripe-payment-provider.ts';
import { bookingRequested, request } from './fixtures.ts';

let server: Server;
let url: string;
/** Stripe does not answer the confirmation of this booking. */
let slowBooking: string | undefined;

beforeAll(async () => {
  const standIn = createPaymentProvider().handle;
  server = createServer((incoming, response) => {
    const isSlow = slowBooking !== undefined && incoming.headers['idempotency-key'] === `${slowBooking}#confirm`;
    if (!isSlow) standIn(incoming, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

function message({ type, metadata, data }: AirlineEvent): SQSRecord {
  const body = { 'detail-type': type, source: sourceOf(type), time: metadata.occurredAt, detail: { metadata, data } };
  return {
    messageId: metadata.correlationId,
    body: JSON.stringify(body),
    attributes: { ApproximateReceiveCount: '1' },
  } as SQSRecord;
}

test('a booking whose card Stripe does not answer fails alone, and the next delivery charges it once', async () => {
  const published: AirlineEvent[] = [];
  const failures: unknown[] = [];
  const consume = createConsumer({
    handlers: createHandlers({
      store: createInMemoryPaymentStore(),
      provider: createStripePaymentProvider({ apiKey: () => Promise.resolve('sk_test'), url }),
      once: createInMemoryOnce(),
      now: () => new Date(),
    }) satisfies Handlers,
    publish: async (events) => {
      published.push(...events);
      return events.map(() => undefined);
    },
    sendToDeadLetters: () => Promise.reject(new Error('nothing is a dead letter here')),
    logger: {
      info: () => undefined,
      error: () => undefined,
      warn: (_, ...details) => void failures.push(...details),
    },
  });
  const bookings = Array.from({ length: 10 }, () => request());
  const records = bookings.map((booking) => message(bookingRequested(booking)));
  slowBooking = bookings[3]!.bookingId;

  const end = Date.now() + handlersReserveMilliseconds + recordingMilliseconds + 2500;
  const context = { getRemainingTimeInMillis: () => end - Date.now() } as Context;
  expect(await consume({ Records: records }, context)).toEqual({
    batchItemFailures: [{ itemIdentifier: slowBooking }],
  });
  expect(Date.now()).toBeLessThan(end - handlersReserveMilliseconds);
  expect(published).toHaveLength(9);
  expect(failures).toMatchObject([{ correlationId: slowBooking, error: { name: 'UndecidedPaymentError' } }]);

  slowBooking = undefined;
  const later = { getRemainingTimeInMillis: () => 15_000 } as Context;
  expect(await consume({ Records: [records[3]!] }, later)).toEqual({ batchItemFailures: [] });
  expect(published.at(-1)).toMatchObject({ type: 'PaymentOk', data: { bookingId: bookings[3]!.bookingId } });
  const port = Number(new URL(url).port);
  const dashboard = new Stripe('sk_test', { host: '127.0.0.1', port, protocol: 'http', telemetry: false });
  expect((await dashboard.charges.list({ limit: 100 })).data).toHaveLength(10);
}, 20_000);

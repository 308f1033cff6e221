/** Requests that bring about every answer that a service gives, and the APIs that answer them. */
import { flight } from '../../../packages/bookings/test/fixtures.ts';
import { bookingId, facts, happy } from '../../../packages/status/test/fixtures.ts';
import type { AskedRequest, GivenAnswer } from './documented-answers.ts';
import { type ServiceApis, startServiceApis } from './service-apis.ts';

const now = '2026-12-01T09:30:00.000Z';
const unknownId = '00000000-0000-4000-8000-000000000000';
const json = { 'content-type': 'application/json' };

const booking = {
  flightId: 'KL1001-20261218',
  seats: ['12A', '12C'],
  passenger: { name: 'Ada Lovelace', email: 'ada@example.com' },
  payment: { method: 'pm_card_visa' },
};

type Ask = [
  method: string,
  path: string,
  parts?: { headers?: Record<string, string>; body?: unknown; claims?: Record<string, string> },
];

const body = (overrides: object = {}) => ({ ...booking, ...overrides });
const key = { 'idempotency-key': '5a4f6d0e-6b7c-4f0e-8a51-0d8f3f0f6b1c' };

const asked: Ask[] = [
  ['POST', '/bookings', { body: body() }],
  ['POST', '/bookings', { body: body(), headers: key, claims: { sub: 'c-4711' } }],
  ['POST', '/bookings', { body: body(), headers: { traceparent: `00-${'1'.repeat(32)}-${'2'.repeat(16)}-01` } }],
  ['POST', '/bookings?dryRun=true', { body: body() }],
  ['POST', '/bookings', { body: '{' }],
  ['POST', '/bookings', { body: body({ seats: ['12A', '12A'], upgrade: true }) }],
  ['POST', '/bookings', { body: body(), headers: { 'idempotency-key': '' } }],
  ['POST', '/bookings', { body: body(), claims: {} }],
  ['POST', '/bookings', { body: body({ customerId: 'c-4712' }), claims: { sub: 'c-4711' } }],
  ['POST', '/bookings', { body: 'x'.repeat(20_000) }],
  ['POST', '/bookings', { body: body(), headers: { 'content-type': 'text/plain' } }],
  ['POST', '/bookings', { body: body({ seats: ['99Z'] }) }],
  ['POST', '/bookings', { body: body(), headers: key }],
  ['POST', '/bookings', { body: body({ seats: ['12D'] }), headers: key }],
  ['DELETE', `/bookings/${bookingId}`],
  ['DELETE', `/bookings/${bookingId}?reason=weather`],
  ['DELETE', '/bookings/KL1001'],
  ['DELETE', `/bookings/${bookingId}`, { claims: {} }],
  ['DELETE', `/bookings/${bookingId}`, { claims: { sub: 'c-4711' } }],
  ['GET', `/bookings/${bookingId}`],
  ['GET', `/bookings/${bookingId}?wait=20`],
  ['GET', `/bookings/${bookingId}`, { headers: { 'if-none-match': '*' } }],
  ['GET', `/bookings/${bookingId}?timeout=20`],
  ['GET', `/bookings/${bookingId}?wait=60`],
  ['GET', '/bookings/KL1001'],
  ['GET', `/bookings/${bookingId}`, { claims: {} }],
  ['GET', `/bookings/${unknownId}`],
  ['GET', '/flights'],
  ['GET', '/flights?origin=ams&destination=abz&date=2026-12-18&flightNumber=kl1001&limit=10'],
  ['GET', '/flights?limit=1'],
  ['GET', '/flights', { headers: { 'if-none-match': '*' } }],
  ['GET', '/flights?to=ABZ'],
  ['GET', '/flights?limit=1000'],
  ['GET', '/flights/KL1001-20261218/seats'],
  ['GET', '/flights/KL1001-20261218/seats?cabin=economy'],
  ['GET', '/flights/KL1001/seats'],
  ['GET', '/flights/KL9999-20261218/seats'],
];

/** What is asked when a part of a service is broken. */
const askedWhenBroken: Record<Parameters<ServiceApis['break']>[0], Ask[]> = {
  keys: [['POST', '/bookings', { body: body(), headers: key }]],
  bus: [
    ['POST', '/bookings', { body: body() }],
    ['DELETE', `/bookings/${bookingId}`],
  ],
  tables: [
    ['POST', '/bookings', { body: body() }],
    ['GET', `/bookings/${bookingId}`],
    ['GET', '/flights'],
    ['GET', '/flights/KL1001-20261218/seats'],
  ],
};

/** Asks everything once. */
export async function askEverything(): Promise<{ request: AskedRequest; answer: GivenAnswer }[]> {
  const apis = await startServiceApis(
    now,
    [flight(), flight({ flightId: 'KL1002-20261219', departureTime: '2026-12-19T06:37:00Z', flightNumber: 'KL1002' })],
    facts(...happy).map((fact) => ({ bookingId, fact })),
  );
  const answers: { request: AskedRequest; answer: GivenAnswer }[] = [];
  const ask = async (all: Ask[]): Promise<void> => {
    for (const [method, path, { headers = {}, body: content, claims } = {}] of all) {
      const request: AskedRequest = {
        method,
        path,
        headers: { ...(content !== undefined && json), ...headers },
        ...(content !== undefined && { body: typeof content === 'string' ? content : JSON.stringify(content) }),
      };
      answers.push({ request, answer: await apis.ask(request, claims) });
    }
  };
  await ask(asked);
  for (const [part, all] of Object.entries(askedWhenBroken)) {
    apis.break(part as keyof typeof askedWhenBroken);
    await ask(all);
  }
  return answers;
}

import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { openApiFile } from '../../../flow/openapi.ts';
import {
  type AskedRequest,
  DocumentedAnswers,
  type GivenAnswer,
  type OpenApi,
} from '../../support/documented-answers.ts';

const document = parse(readFileSync(openApiFile, 'utf8')) as OpenApi;
const check = new DocumentedAnswers(document);

const money = { amountMinor: 8_100, currency: 'EUR' };
const flight = {
  flightId: 'KL1001-20261218',
  carrier: 'KL',
  flightNumber: 'KL1001',
  origin: { iata: 'AMS', city: 'Amsterdam', country: 'Netherlands' },
  destination: { iata: 'ABZ', city: 'Aberdeen', country: 'United Kingdom' },
  departureTime: '2026-12-18T06:37:00Z',
  durationMinutes: 92,
  aircraft: 'Embraer 190',
  cabins: [{ cabin: 'economy', rows: { first: 6, last: 26 }, letters: ['A', 'C'], fare: money }],
  seatCount: 42,
};
const bookingId = '7f8c2f0e-3b1a-4c7e-9d55-1f6a2b3c4d5e';
const booking = {
  flightId: 'KL1001-20261218',
  seats: ['12A'],
  passenger: { name: 'Ada Lovelace', email: 'ada@example.com' },
  payment: { method: 'pm_card_visa' },
};

interface Exchange {
  request: AskedRequest;
  answer: Omit<GivenAnswer, 'body'> & { body: unknown };
}

const flights = (): Exchange => ({
  request: { method: 'GET', path: '/flights?origin=ams&limit=10', headers: {} },
  answer: {
    status: 200,
    headers: {
      'content-type': 'application/json',
      etag: '"Vw7ruQKuuR_D7TkjRS8vvh"',
      'cache-control': 'public, max-age=30',
      date: 'Tue, 01 Dec 2026 09:30:00 GMT',
      'apigw-requestid': 'a8e2f485',
    },
    body: { flights: [flight] },
  },
});
const requested = (): Exchange => ({
  request: {
    method: 'POST',
    path: '/bookings',
    headers: { 'content-type': 'Application/JSON; charset=utf-8', 'idempotency-key': 'mine' },
    body: JSON.stringify(booking),
  },
  answer: {
    status: 202,
    headers: {
      'content-type': 'application/json',
      location: `/bookings/${bookingId}`,
      'cache-control': 'no-store',
    },
    body: {
      bookingId,
      flightId: booking.flightId,
      seats: booking.seats,
      amount: money,
      status: 'REQUESTED',
      links: { self: `/bookings/${bookingId}` },
    },
  },
});
const unknown = (): Exchange => ({
  request: { method: 'GET', path: `/bookings/${bookingId}?wait=2`, headers: {} },
  answer: {
    status: 404,
    headers: { 'content-type': 'application/problem+json', 'cache-control': 'no-store' },
    body: { type: 'about:blank', title: 'Unknown booking', status: 404, detail: 'Try again.' },
  },
});

function mistakesOf({ request, answer: { body, ...answer } }: Exchange, checking = check): string[] {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return checking.findMistakes(request, { ...answer, body: text });
}

/** A copy of an exchange with another value at a place such as `answer>body>title`. `undefined` removes it. */
function changed({ exchange, at, to }: { exchange: () => Exchange; at: string; to: unknown }): Exchange {
  const copy = structuredClone(exchange());
  const names = at.split('>');
  const last = names.pop()!;
  const parent = names.reduce<Record<string, unknown>>(
    (node, name) => node[name] as Record<string, unknown>,
    copy as unknown as Record<string, unknown>,
  );
  if (to === undefined) delete parent[last];
  else parent[last] = to;
  return copy;
}

test('an exchange that is documented has no mistake', () => {
  expect([flights, requested, unknown].flatMap((exchange) => mistakesOf(exchange()))).toEqual([]);
});

test.each<[exchange: () => Exchange, at: string, to: unknown, mistake: string]>([
  [flights, 'answer>status', 206, 'GET /flights 206: the status is not documented'],
  [flights, 'answer>headers>x-served-by', 'a', 'GET /flights 200: the header x-served-by is not documented'],
  [flights, 'answer>headers>access-control-allow-origin', '*', 'the header access-control-allow-origin is not'],
  [flights, 'answer>headers>etag', undefined, 'GET /flights 200: the header etag is missing'],
  [
    flights,
    'answer>headers>cache-control',
    'no-store',
    'the header cache-control is wrong: it must be equal to constant',
  ],
  [flights, 'answer>headers>content-type', 'text/plain', 'the content type text/plain is not documented'],
  [flights, 'answer>headers>content-type', undefined, 'the content type none is not documented'],
  [flights, 'answer>body', 'flights', 'the body is not JSON'],
  [flights, 'answer>body>flights>0>origin>phone', '1', 'the body has /flights/0/origin/phone, which is not documented'],
  [flights, 'answer>body>flights>0>cabins>0>fare>tax', 1, 'the body has /flights/0/cabins/0/fare/tax, which is not'],
  [
    flights,
    'answer>body>flights>0>crew',
    [],
    'GET /flights 200: the body has /flights/0/crew, which is not documented',
  ],
  [
    flights,
    'answer>body>flights>0>seatCount',
    undefined,
    'the body is wrong at /flights/0: it must have required prop',
  ],
  [
    flights,
    'answer>body>flights>0>durationMinutes',
    1.5,
    'the body is wrong at /flights/0/durationMinutes: it must be',
  ],
  [flights, 'request>path', '/flights?to=ABZ', 'it accepted the query parameter to, which is not documented'],
  [
    flights,
    'request>path',
    '/flights?limit=501',
    'it accepted the query parameter limit, which is wrong: it must be <=',
  ],
  [flights, 'request>path', '/planes', 'GET /planes 200: the route is not documented'],
  [flights, 'request>method', 'PUT', 'PUT /flights 200: the route is not documented'],
  [requested, 'answer>headers>location', '/elsewhere', 'the header location is wrong: it must match pattern'],
  [requested, 'answer>body>amount>currency', 'euro', 'the body is wrong at /amount/currency: it must match pattern'],
  [requested, 'answer>body>status', 'DONE', 'the body is wrong at /status: it must be one of ["REQUESTED"]'],
  [
    requested,
    'request>headers>idempotency-key',
    '',
    'it accepted the header parameter idempotency-key, which is wrong',
  ],
  [requested, 'request>headers>content-type', 'text/plain', 'it accepted a request of which the content type text/pl'],
  [requested, 'request>body', '{}', 'it accepted a request of which the body is wrong: it must have required property'],
  [
    requested,
    'request>body',
    JSON.stringify({ ...booking, passenger: { ...booking.passenger, phone: '1' } }),
    'it accepted a request of which the body has /passenger/phone, which is not documented',
  ],
  [
    unknown,
    'answer>body>title',
    'Gone',
    'GET /bookings/{bookingId} 404: the body is wrong at /title: it must be one of',
  ],
  [unknown, 'answer>body>status', 400, 'the body is wrong at /status: it must be 404'],
  [unknown, 'answer>body>trace', 'x', 'GET /bookings/{bookingId} 404: the body has /trace, which is not documented'],
  [unknown, 'answer>status', 304, 'GET /bookings/{bookingId} 304: a body is not documented'],
])('a mistake is named with its place (%#)', (exchange, at, to, mistake) => {
  expect(mistakesOf(changed({ exchange, at, to }))).toContainEqual(expect.stringContaining(mistake));
});

test('a field that the document loses is a mistake of every answer that has it', () => {
  const without = structuredClone(document) as unknown as {
    components: { schemas: { Flight: { properties: { aircraft?: object } } } };
  };
  delete without.components.schemas.Flight.properties.aircraft;
  expect(mistakesOf(flights(), new DocumentedAnswers(without as unknown as OpenApi))).toEqual([
    'GET /flights 200: the body has /flights/0/aircraft, which is not documented',
  ]);
});

test('API Gateway refuses what is no route, and nothing else may', () => {
  const request = { method: 'HEAD', path: '/flights', headers: {} };
  const headers = { 'content-type': 'application/json' };
  expect(check.findMistakes(request, { status: 404, headers, body: '' })).toEqual([]);
  const message = '{"message":"Not Found"}';
  expect(check.findMistakes({ ...request, path: '/' }, { status: 404, headers, body: message })).toEqual([]);
  expect(check.findMistakes({ ...request, path: '/' }, { status: 404, headers, body: '{"title":"?"}' })).toEqual([
    'HEAD / 404: the route is not documented',
  ]);
});

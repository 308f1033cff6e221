/** Who hears what, told four times over: by the templates, by the README, by what services read, and by the simulation's bus. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { contractOf, readSchemaFiles } from '@airline/events-schemas/compatibility/contract';
import type { Readers } from '@airline/events-schemas/compatibility/releases';
import { functionTimeouts, listenersOf, services } from '../../packages/simulation/src/bus.ts';
import type { Stack } from '@airline/local-cloud/cloud-assembly';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { findRuleMistakes } from '../contracts/check-rules.ts';
import { goldenEvents } from '../contracts/golden-events.ts';
import { findReadMistakes, loadReaders } from '../contracts/readers.ts';
import { rulesOf, stacksThatHear, type EventRule } from '../contracts/rules.ts';
import { synthesizeTemplates } from '../contracts/synthesize-templates.ts';

const contract = contractOf(readSchemaFiles());
const golden = goldenEvents(contract);
let stacks: Stack[];
let rules: EventRule[];
let readers: Readers;

beforeAll(async () => {
  stacks = await synthesizeTemplates();
  rules = rulesOf(stacks);
  readers = await loadReaders();
}, 120_000);

const heardBy = (event: object): string[] => stacksThatHear(rules, event).map((stack) => stack.replace(/^airline-/, ''));

/** By detail-type: from whom, and who hears it; in brackets who hears only some of them. */
function table(): Record<string, { source: string; always: string[]; sometimes: string[] }> {
  const rows: ReturnType<typeof table> = {};
  for (const { detailType, source } of contract.values()) {
    const each = golden.filter((event) => event['detail-type'] === detailType).map(heardBy);
    const all = [...new Set(each.flat())].sort();
    const always = all.filter((service) => each.every((hearing) => hearing.includes(service)));
    rows[detailType] = { source, always, sometimes: all.filter((service) => !always.includes(service)) };
  }
  return rows;
}

/** The README's table of events: | `SeatBooked` | `airline.seats` | receipts, status (unless …) | */
function readmeTable(): ReturnType<typeof table> {
  const readme = readFileSync(path.join(import.meta.dirname, '..', '..', 'README.md'), 'utf8');
  const rows = [...readme.matchAll(/^\| `(\w+)` \| `([\w.]+)` \| (.+) \|$/gm)];
  return Object.fromEntries(
    rows.map(([, detailType, source, hearers]) => {
      const sometimes = [...hearers!.matchAll(/(\w+) \([^)]*\)/g)].map(([, service]) => service!);
      const all = hearers!
        .replaceAll(/\([^)]*\)/g, '')
        .split(',')
        .map((service) => service.trim());
      const always = all.filter((service) => !sometimes.includes(service)).sort();
      return [detailType!, { source: source!, always, sometimes }];
    }),
  );
}

test('the README says who hears what, as the templates do', () => {
  expect(readmeTable()).toEqual(table());
});

test('payments hears every release of seats but the answer to its own word', () => {
  const releases = golden.filter((event) => event['detail-type'] === 'SeatReleased');
  const heard = releases.filter((event) => heardBy(event).includes('payments')).map(({ detail }) => detail.data.reason);
  expect(heard.sort()).toEqual(['cancelled', 'hold-expired']);
});

test('each service reads the events that its rules bring it, and no others', () => {
  const heard = Object.fromEntries(Object.keys(readers).map((service) => [service, [] as string[]]));
  for (const [detailType, { always, sometimes }] of Object.entries(table())) {
    for (const service of [...always, ...sometimes]) (heard[service] ??= []).push(detailType);
  }
  const declared = Object.entries(readers).map(([service, reads]) => [service, Object.keys(reads).sort()]);
  expect(Object.fromEntries(declared)).toEqual(
    Object.fromEntries(Object.entries(heard).map(([service, types]) => [service, types.sort()])),
  );
});

test('each service reads only what a producer promises', () => {
  expect(findReadMistakes(readers, contract)).toEqual([]);
});

test('a declaration that no producer keeps is named', () => {
  const wrong = { seats: { PaymentOk: ['data.paidBy', 'metadata.causationId'], SeatPainted: [] } };
  expect(findReadMistakes(wrong, contract)).toEqual([
    'seats reads data.paidBy of PaymentOk, which no schema of airline.payments has.',
    'seats reads metadata.causationId of PaymentOk as if it were always there, and airline.payments need not send it: ' +
      'mark it `metadata.causationId?` and cope without it.',
    'seats declares to read SeatPainted, which nobody publishes.',
  ]);
});

test("the simulation's bus delivers as the rules do", () => {
  for (const event of golden) {
    const simulated = heardBy(event).filter((service) => (services as readonly string[]).includes(service));
    expect([event['detail-type'], event.detail.data.reason, listenersOf(event).sort()]).toEqual([
      event['detail-type'],
      event.detail.data.reason,
      simulated,
    ]);
  }
});

test('the simulation ends a function when its stack does', () => {
  for (const service of services) {
    const { Resources } = stacks.find(({ name }) => name === `airline-${service}`)!.template;
    const timeouts = Object.values(Resources)
      .filter(
        ({ Type, Properties }) => Type === 'AWS::Lambda::Function' && Properties?.Description === `Handles what ${service} hears`,
      )
      .map(({ Properties }) => (Properties!.Timeout as number) * 1000);
    expect([service, timeouts]).toEqual([service, [functionTimeouts[service]]]);
  }
});

describe('a rule', () => {
  test('of the templates listens only for what is published', () => {
    expect(rules.length).toBeGreaterThanOrEqual(14);
    expect(rules.flatMap((rule) => findRuleMistakes(rule, contract))).toEqual([]);
  });

  const rule = (pattern: Record<string, unknown>, bus: unknown = 'airline'): EventRule => ({
    stack: 'airline-seats',
    name: 'Paint',
    pattern,
    bus,
    hasQueue: true,
  });
  const released = { source: ['airline.seats'], 'detail-type': ['SeatReleased'] };
  const booked = { source: ['airline.seats'], 'detail-type': ['SeatBooked'] };

  test.each<[string, Record<string, unknown>, string]>([
    [
      'a detail-type',
      { source: ['airline.seats'], 'detail-type': ['SeatBooked', 'SeatPainted'] },
      'hears the detail-type SeatPainted, which nobody publishes',
    ],
    [
      'a source',
      { source: ['airline.paint', 'airline.seats'], 'detail-type': ['SeatBooked'] },
      'listens to the source airline.paint, which nobody publishes as.',
    ],
    [
      'a detail-type of another',
      { source: ['airline.payments'], 'detail-type': ['SeatBooked'] },
      'hears SeatBooked of airline.payments only, but it comes from airline.seats.',
    ],
    [
      'a field',
      { ...released, detail: { data: { colour: ['red'] } } },
      'looks at detail.data.colour, which SeatReleased does not have.',
    ],
    [
      'a field of one of two',
      { source: ['airline.seats'], 'detail-type': ['SeatBooked', 'SeatReleased'], detail: { data: { reason: ['cancelled'] } } },
      'looks at detail.data.reason, which SeatBooked does not have.',
    ],
    [
      'a value',
      { ...released, detail: { data: { reason: ['painted'] } } },
      'looks at detail.data.reason of SeatReleased for painted, which it never is (it is payment-failed, hold-expired, cancelled).',
    ],
    [
      'a value that it excludes',
      { ...released, detail: { data: { reason: [{ 'anything-but': ['cancelled', 'payment-faild'] }] } } },
      'for payment-faild, which it never is',
    ],
    [
      'a prefix',
      { ...released, detail: { data: { reason: [{ prefix: 'paint' }] } } },
      'for {"prefix":"paint"}, which none of its values (payment-failed, hold-expired, cancelled) is.',
    ],
    [
      'a type',
      { ...booked, detail: { data: { amountMinor: ['8100'] } } },
      'looks at detail.data.amountMinor of SeatBooked for 8100, which it never is.',
    ],
    ['a number', { ...booked, detail: { data: { currency: [{ numeric: ['>', 1] }] } } }, 'for a number, which it is not.'],
    [
      'an absence',
      { ...booked, detail: { data: { flightId: [{ exists: false }] } } },
      'for its absence, but it is always there.',
    ],
    [
      'a matcher',
      { ...booked, detail: { data: { flightId: [{ sounds: 'like' }] } } },
      'with the matcher {"sounds":"like"}, which this check does not know: teach it first.',
    ],
    ['part of an envelope', { ...booked, colour: ['red'] }, 'looks at colour, which no event has.'],
    [
      'an alternative',
      { ...released, detail: { $or: [{ data: { reason: ['cancelled'] } }, { data: { colour: ['red'] } }] } },
      'looks at detail.data.colour, which SeatReleased does not have.',
    ],
  ])('that listens for %s that nobody publishes is named with its stack and the culprit', (_, pattern, culprit) => {
    const mistakes = findRuleMistakes(rule(pattern), contract);
    expect(mistakes).toEqual([expect.stringMatching(/^airline-seats: rule Paint (hears|listens|looks) /)]);
    expect(mistakes[0]).toContain(culprit);
  });

  test.each<[string, Record<string, unknown>]>([
    ['a whole producer', { source: [{ prefix: 'airline.' }] }],
    ['a list of scalars', { ...booked, detail: { data: { seats: ['12A'], amountMinor: [{ numeric: ['>', 100] }] } } }],
    ['what may be missing', { ...booked, detail: { data: { holdExpiresAt: [{ exists: false }] } } }],
    [
      'one of two alternatives',
      { ...released, detail: { $or: [{ data: { reason: ['cancelled'] } }, { data: { seats: ['12A'] } }] } },
    ],
    ['its own account', { ...booked, account: [{ Ref: 'AWS::AccountId' }] }],
  ])('may listen for %s', (_, pattern) => {
    expect(findRuleMistakes(rule(pattern), contract)).toEqual([]);
  });

  test('on no bus of ours hears nothing of ours', () => {
    expect(findRuleMistakes({ ...rule(booked), bus: undefined }, contract)).toEqual([
      'airline-seats: rule Paint listens on the default bus of the account, where no event of the airline ever is.',
    ]);
  });
});

/** Who hears what, told four times over: by the templates, by the README, by what services read, and by the simulation's bus. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { contractOf, readSchemaFiles } from '@airline/events-schemas/compatibility/contract';
import type { Readers } from '@airline/events-schemas/compatibility/releases';
import { functionTimeouts, listenersOf, services } from '../../../../packages/simulation/src/bus.ts';
import type { Stack } from '@airline/local-cloud/cloudformation/cloud-assembly';
import { beforeAll, expect, test } from '@jest/globals';
import { findRuleMistakes } from '../../../contracts/check-rules.ts';
import { goldenEvents } from '../../../contracts/golden-events.ts';
import { findReadMistakes, loadReaders } from '../../../contracts/readers.ts';
import { rulesOf, stacksThatHear, type EventRule } from '../../../contracts/rules.ts';
import { synthesizeTemplates } from '../../../contracts/synthesize-templates.ts';
import { workspaceRoot } from '../../../cli/workspace.ts';

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

const heardBy = (event: object): string[] =>
  stacksThatHear(rules, event).map((stack) => stack.replace(/^airline-/, ''));

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
  const readme = readFileSync(path.join(workspaceRoot, 'README.md'), 'utf8');
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

test('a declaration that no producer keeps is reported', () => {
  const wrong = { seats: { PaymentOk: ['data.paidBy', 'metadata.causationId'], SeatPainted: [] } };
  expect(findReadMistakes(wrong, contract)).toEqual([
    'seats reads data.paidBy of PaymentOk, which no schema of airline.payments has.',
    'seats reads metadata.causationId of PaymentOk as if it were always present, but airline.payments need not send it: ' +
      'declare it as `metadata.causationId?` and handle its absence.',
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
        ({ Type, Properties }) =>
          Type === 'AWS::Lambda::Function' && Properties?.Description === `Handles what ${service} hears`,
      )
      .map(({ Properties }) => (Properties!.Timeout as number) * 1000);
    expect([service, timeouts]).toEqual([service, [functionTimeouts[service]]]);
  }
});

test('each rule listens only for what is published', () => {
  expect(rules.length).toBeGreaterThanOrEqual(14);
  expect(rules.flatMap((rule) => findRuleMistakes(rule, contract))).toEqual([]);
});

/**
 * The subscriptions of the services say who hears what. The templates, what the services read and the simulation's
 * bus must agree with them.
 */
import { contractOf, readSchemaFiles } from '@airline/events-schemas/compatibility/contract';
import type { Readers } from '@airline/events-schemas/compatibility/releases';
import { eventPatternOf } from '@airline/events-schemas/subscriptions';
import { functionTimeouts, listenersOf, services } from '../../../../../packages/simulation/src/bus.ts';
import type { Stack } from '@airline/local-cloud/cloudformation/cloud-assembly';
import { matchesEventPattern } from '@airline/local-cloud/event-bridge/event-pattern';
import { beforeAll, expect, test } from '@jest/globals';
import { findRuleMistakes } from '../../../../contracts/check-rules.ts';
import { goldenEvents } from '../../../../contracts/golden-events.ts';
import { findReadMistakes, loadReaders } from '../../../../contracts/readers.ts';
import { rulesOf, stacksThatHear, type EventRule } from '../../../../contracts/rules.ts';
import { sharedTemplates } from '../../../support/shared-templates.ts';
import { loadSubscriptions, type SubscriptionsOfServices } from '../../../../protocol/subscriptions.ts';

const contract = contractOf(readSchemaFiles());
const golden = goldenEvents(contract);
let stacks: Stack[];
let rules: EventRule[];
let readers: Readers;
let subscriptions: SubscriptionsOfServices;

beforeAll(async () => {
  stacks = await sharedTemplates();
  rules = rulesOf(stacks);
  readers = await loadReaders();
  subscriptions = await loadSubscriptions();
});

const heardBy = (event: object): string[] =>
  stacksThatHear(rules, event).map((stack) => stack.replace(/^airline-/, ''));

test("each stack's rules are its service's subscriptions", () => {
  const expected = Object.entries(subscriptions).flatMap(([service, all]) =>
    Object.values(all).map((subscription) => [`airline-${service}`, eventPatternOf(subscription), true]),
  );
  const found = rules.map(({ stack, pattern, hasQueue }) => [stack, pattern, hasQueue]);
  const inOrder = (all: unknown[]): string[] => all.map((rule) => JSON.stringify(rule)).sort();
  expect(inOrder(found)).toEqual(inOrder(expected));
});

test('a subscription to some events of its detail-types gets some of them, and not all', () => {
  const narrowed = Object.values(subscriptions).flatMap((all) => Object.values(all).filter(({ detail }) => detail));
  expect(narrowed.length).toBeGreaterThan(0);
  for (const { detailTypes, detail } of narrowed) {
    for (const detailType of detailTypes) {
      const events = golden.filter((event) => event['detail-type'] === detailType);
      const matches = events.map((event) => matchesEventPattern(detail!, event.detail));
      expect([detailType, [...new Set(matches)].sort()]).toEqual([detailType, [false, true]]);
    }
  }
});

test('payments hears every release of seats but the answer to its own word', () => {
  const releases = golden.filter((event) => event['detail-type'] === 'SeatReleased');
  const heard = releases.filter((event) => heardBy(event).includes('payments')).map(({ detail }) => detail.data.reason);
  expect(heard.sort()).toEqual(['cancelled', 'hold-expired']);
});

test('each service reads the events that it subscribes to, and no others', () => {
  const read = Object.entries(readers).map(([service, reads]) => [service, Object.keys(reads).sort()]);
  const heard = Object.entries(subscriptions).map(([service, all]) => [
    service,
    Object.values(all)
      .flatMap(({ detailTypes }) => [...detailTypes])
      .sort(),
  ]);
  expect(Object.fromEntries(read)).toEqual(Object.fromEntries(heard));
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

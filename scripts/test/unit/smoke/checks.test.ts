/** Each check of the smoke test fails when what it looks at is broken, and names it. */
import { CloudFormationClient, ListStackResourcesCommand } from '@aws-sdk/client-cloudformation';
import { CloudWatchClient, DescribeAlarmsCommand, type MetricAlarm } from '@aws-sdk/client-cloudwatch';
import { type ListRulesCommand, ListTargetsByRuleCommand, type Rule } from '@aws-sdk/client-eventbridge';
import { afterEach, describe, expect, test } from '@jest/globals';
import { mockClient } from 'aws-sdk-client-mock';
import { findScheduleMistakes } from '../../../airline/schedule.ts';
import type { Target } from '../../../airline/target.ts';
import { loadSubscriptions, type SubscriptionsOfServices } from '../../../protocol/subscriptions.ts';
import { checkAlarms } from '../../../smoke/check-alarms.ts';
import { checkRoutes } from '../../../smoke/check-routes.ts';
import { checkQueuePolicies, checkRules, expectedRules } from '../../../smoke/check-rules.ts';
import { runCheck, Skipped, Unmet } from '../../../smoke/check.ts';
import { describeOutcome } from '../../../smoke/describe-outcome.ts';
import { isLiveKey } from '../../../smoke/run-smoke.ts';
import { departed, smokeFlight } from '../../../smoke/smoke-flight.ts';

const subscriptions: SubscriptionsOfServices = {
  seats: {
    Flights: { source: 'airline.flights', detailTypes: ['FlightScheduled'] },
    RefusedPayments: { source: 'airline.payments', detailTypes: ['PaymentFailed'] },
  },
};

/** An airline on AWS of which a test replaces the parts that its check looks at. */
function fakeTarget(parts: object): Target {
  const parameters = new Map([
    ['bus/name', 'airline'],
    ['seats/queue-url', 'https://sqs/1/airline-seats'],
    ['seats/undelivered-url', 'https://sqs/1/airline-seats-undelivered'],
  ]);
  const target = { airline: 'airline', endpoint: undefined, clientConfig: { region: 'eu-west-1' } };
  return { ...target, parameters: () => Promise.resolve(parameters), ...parts } as unknown as Target;
}

describe('the check of the rules', () => {
  const arn = 'arn:aws:sqs:eu-west-1:1:airline-seats';
  const good = { Id: '1', Arn: arn, DeadLetterConfig: { Arn: `${arn}-undelivered` } };
  const rule = (Name: string, State: Rule['State'] = 'ENABLED'): Rule => ({ Name, State });
  const both = [rule('airline-seats-flights'), rule('airline-seats-refused-payments')];

  test.each<[what: string, rules: Rule[], targets: object[], mistake: string | undefined]>([
    ['all is there', both, [good], undefined],
    ['a rule is missing', [both[0]!], [good], 'airline-seats-refused-payments does not exist'],
    [
      'a rule is disabled',
      [both[0]!, rule(both[1]!.Name!, 'DISABLED')],
      [good],
      'airline-seats-refused-payments is DISABLED',
    ],
    ['a target is missing', both, [], 'airline-seats-flights does not deliver to the queue airline-seats'],
    [
      'a target is another queue',
      both,
      [{ ...good, Arn: `${arn}-old` }],
      'does not deliver to the queue airline-seats',
    ],
    [
      'a target has no dead-letter queue',
      both,
      [{ Id: '1', Arn: arn }],
      'airline-seats-flights has no dead-letter queue',
    ],
  ])('where %s', async (_, rules, targets, mistake) => {
    const send = (request: object) =>
      Promise.resolve(
        request instanceof ListTargetsByRuleCommand
          ? { Targets: targets }
          : // On two pages.
            (request as ListRulesCommand).input.NextToken
            ? { Rules: rules.slice(1) }
            : { Rules: rules.slice(0, 1), NextToken: 'more' },
      );
    const { state, saw } = await runCheck(checkRules(fakeTarget({ eventBridge: { send } }), subscriptions));
    expect(state).toBe(mistake === undefined ? 'passed' : 'failed');
    expect(saw).toContain(mistake ?? '2 rules');
  });

  test('expects the rules that the stacks create', async () => {
    const names = expectedRules('airline', await loadSubscriptions()).map(({ name }) => name);
    expect(names).toContain('airline-payments-refused-seats');
    expect(names).toHaveLength(14);
  });
});

describe('the check of the queue policies', () => {
  const admitting = (...rules: string[]): string =>
    JSON.stringify({
      Statement: [
        { Effect: 'Deny', Principal: '*', Action: 'sqs:*' },
        {
          Effect: 'Allow',
          Principal: { Service: 'events.amazonaws.com' },
          Action: 'sqs:SendMessage',
          Condition: { ArnEquals: { 'aws:SourceArn': rules.map((name) => `arn:aws:events:r:1:rule/airline/${name}`) } },
        },
      ],
    });
  const byPrefix = admitting('airline-seats-*');
  const whole = admitting('airline-seats-flights', 'airline-seats-refused-payments');

  test.each<[what: string, policies: Record<string, string | undefined>, mistake: string | undefined]>([
    ['both queues admit all rules', { 'airline-seats': whole, 'airline-seats-undelivered': whole }, undefined],
    [
      'both admit them by their prefix',
      { 'airline-seats': byPrefix, 'airline-seats-undelivered': byPrefix },
      undefined,
    ],
    [
      'a queue admits the rules of another service',
      { 'airline-seats': admitting('airline-sea-*'), 'airline-seats-undelivered': whole },
      'airline-seats does not admit airline-seats-flights, ',
    ],
    [
      'a queue has no policy',
      { 'airline-seats-undelivered': whole },
      'airline-seats does not admit airline-seats-flights, ',
    ],
    [
      'a queue leaves out a rule',
      { 'airline-seats': whole, 'airline-seats-undelivered': admitting('airline-seats-flights') },
      'airline-seats-undelivered does not admit airline-seats-refused-payments',
    ],
  ])('where %s', async (_, policies, mistake) => {
    const send = ({ input }: { input: { QueueUrl: string } }) =>
      Promise.resolve({ Attributes: { Policy: policies[input.QueueUrl.split('/').at(-1)!] } });
    const { state, saw } = await runCheck(checkQueuePolicies(fakeTarget({ sqs: { send } }), subscriptions));
    expect(state).toBe(mistake === undefined ? 'passed' : 'failed');
    expect(saw).toContain(mistake ?? '2 rules');
  });

  test('is skipped on the local cloud, with the reason', async () => {
    const local = fakeTarget({ endpoint: 'http://localhost:4566' });
    expect(await runCheck(checkQueuePolicies(local, subscriptions))).toMatchObject({
      state: 'skipped',
      saw: 'the local cloud checks no permissions',
    });
  });
});

describe('the check of the alarms', () => {
  afterEach(() => {
    cloudFormation.reset();
    cloudWatch.reset();
  });
  const cloudFormation = mockClient(CloudFormationClient);
  const cloudWatch = mockClient(CloudWatchClient);
  const alarm = (AlarmName: string, more: MetricAlarm = {}): MetricAlarm => ({ AlarmName, StateValue: 'OK', ...more });
  const [a, b] = ['airline-platform-a', 'airline-seats-a'] as const;

  test.each<[what: string, seen: MetricAlarm[], state: string, saw: string]>([
    ['all exist', [alarm(a), alarm(b)], 'passed', '2 alarms exist'],
    ['one rings', [alarm(a), alarm(b, { StateValue: 'ALARM' })], 'passed', `ringing before this test: ${b}`],
    ['one is gone', [alarm(a)], 'failed', `${b} does not exist`],
    ['one notifies nobody', [alarm(a), alarm(b, { ActionsEnabled: false })], 'failed', `${b} notifies nobody`],
  ])('where %s', async (_, MetricAlarms, state, saw) => {
    cloudFormation.on(ListStackResourcesCommand).callsFake(({ StackName }: { StackName: string }) => ({
      StackResourceSummaries: [
        { ResourceType: 'AWS::SQS::Queue', PhysicalResourceId: 'https://sqs/1/airline-seats' },
        { ResourceType: 'AWS::CloudWatch::Alarm', PhysicalResourceId: `${StackName}-a` },
      ],
    }));
    cloudWatch.on(DescribeAlarmsCommand).resolves({ MetricAlarms });
    const outcome = await runCheck(checkAlarms(fakeTarget({}), ['seats']));
    expect(outcome).toMatchObject({ state, saw: expect.stringContaining(saw) });
  });
});

describe('the check of the routes', () => {
  const answers =
    (status: number) =>
    (path: string, { method }: RequestInit) =>
      Promise.resolve(
        new Response(null, { status: path.startsWith('/flights') ? 200 : method === 'GET' ? 404 : status }),
      );

  test.each([
    ['all answer', 400, 'passed', '5 routes answer'],
    [
      'a function has crashed',
      500,
      'failed',
      'POST /bookings answered 500, not 400; DELETE /bookings/not-an-id answered 500',
    ],
  ])('where %s', async (_, status, state, saw) => {
    const target = fakeTarget({ fetchAnonymously: answers(status) });
    const outcome = await runCheck(checkRoutes(target, 'SMK1-20270101'));
    expect(outcome).toMatchObject({ state, saw: expect.stringContaining(saw) });
  });

  test('fails where customers must log in and a route answers without a token', async () => {
    const parameters = () => Promise.resolve(new Map([['api/authorizer-id', 'abc123']]));
    const target = fakeTarget({ parameters, fetchAnonymously: answers(401) });
    const outcome = await runCheck(checkRoutes(target, 'SMK1-20270101'));
    expect(outcome.state).toBe('failed');
    expect(outcome.saw).toMatch(/^GET \/bookings\/\S+ answered 404, not 401$/);
  });
});

describe('a check', () => {
  const check = (error: Error) => ({
    name: 'tries',
    expected: 'it works',
    next: 'look',
    run: () => Promise.reject(error),
  });
  const denied = Object.assign(new Error('User: arn:aws:sts::1:x is not authorized to perform: sqs:SendMessage'), {
    name: 'AccessDeniedException',
  });

  test.each([
    [
      'another answer',
      new Unmet('it does not'),
      { state: 'failed', saw: 'it does not', expected: 'it works', next: 'look' },
    ],
    ['an answer whose cause is known', new Unmet('it does not', 'type this'), { state: 'failed', next: 'type this' }],
    ['no answer', new Skipped('not here'), { state: 'skipped', saw: 'not here' }],
    [
      'a refusal',
      denied,
      {
        state: 'failed',
        saw: expect.stringContaining('(sqs:SendMessage)'),
        next: expect.stringContaining('airline-smoke'),
      },
    ],
  ])('that ends with %s', async (_, error, outcome) => {
    expect(await runCheck(check(error))).toMatchObject(outcome);
  });

  test('that failed shows what was seen, what was expected and what to type', async () => {
    const lines = describeOutcome(await runCheck(check(new Unmet('it does \u001b[31mnot')))).split('\n');
    expect(lines).toEqual([
      expect.stringContaining('it does \\u{1b}[31mnot'),
      '    expected: it works',
      '    type next: look',
    ]);
  });
});

test.each([
  ['sk_live_1', true],
  ['rk_live_1', true],
  ['sk_test_1', false],
  ['rk_test_1', false],
])('%s is a live key: %s', (key, isLive) => expect(isLiveKey(key)).toBe(isLive));

test.each(['2026-12-31T23:55:00Z', '2028-02-28T23:59:59Z', '2027-01-01T00:00:00Z'])(
  'the flight of %s keeps the contract, on sale and departed',
  (time) => {
    const now = Date.parse(time);
    const flight = smokeFlight(now);
    expect(Date.parse(flight.departureTime)).toBeGreaterThan(now);
    expect(Date.parse(departed(flight, now).departureTime)).toBeLessThan(now);
    for (const each of [flight, departed(flight, now)]) expect(findScheduleMistakes([each])).toEqual([]);
  },
);

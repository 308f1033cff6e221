/** The flow of the real templates: every format of it, and what `pnpm flow --check` finds in changed ones. */
import { Parser } from '@asyncapi/parser';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { Ajv } from 'ajv';
import { parse } from 'yaml';
import { storyScripts } from '../../../../../packages/simulation/src/stories.ts';
import { recordStory } from '../../../../../packages/simulation/src/story.ts';
import { findFlowMistakes, findUnsettledEnds, listenersOfFlow, tellStories } from '../../../../flow/check-flow.ts';
import { compareFlows } from '../../../../flow/compare-flows.ts';
import { documentsOf, formats } from '../../../../flow/documents.ts';
import type { Flow } from '../../../../flow/flow.ts';
import { flowOfTemplates, type Knowledge, type NamedTemplate } from '../../../../flow/flow-of-templates.ts';
import { loadKnowledge } from '../../../../flow/knowledge.ts';
import { sharedTemplates } from '../../../support/shared-templates.ts';

let stacks: NamedTemplate[];
let knowledge: Knowledge;
let flow: Flow;

beforeAll(async () => {
  stacks = await sharedTemplates();
  knowledge = await loadKnowledge();
  flow = flowOfTemplates(stacks, knowledge);
});

type Properties = Record<string, unknown>;

/** The flow of templates in which some resources of a stack are changed. A change to `undefined` removes it. */
function changed(stack: string, type: string, change: (properties: Properties) => Properties | undefined): Flow {
  const copies = stacks.map(({ name, template }) => {
    if (name !== stack) return { name, template };
    const resources = Object.entries(template.Resources).flatMap(([id, resource]) => {
      if (resource.Type !== type) return [[id, resource] as const];
      const properties = change(resource.Properties as Properties);
      return properties ? [[id, { ...resource, Properties: properties }] as const] : [];
    });
    return { name, template: { ...template, Resources: Object.fromEntries(resources) } };
  });
  return flowOfTemplates(copies, knowledge);
}

const withoutRule = (service: string, rule: string): Flow =>
  changed(`airline-${service}`, 'AWS::Events::Rule', (properties) =>
    properties.Name === `airline-${service}-${rule}` ? undefined : properties,
  );

const withPattern = (service: string, rule: string, pattern: Properties): Flow =>
  changed(`airline-${service}`, 'AWS::Events::Rule', (properties) =>
    properties.Name === `airline-${service}-${rule}` ? { ...properties, EventPattern: pattern } : properties,
  );

/** @param publishes the detail-types that the functions of the service may publish */
const withSays = (service: string, publishes: string[]): Flow =>
  changed(`airline-${service}`, 'AWS::IAM::Policy', (properties) => {
    const { Statement } = properties.PolicyDocument as { Statement: { Action: unknown; Condition?: Properties }[] };
    const statements = Statement.map((statement) =>
      statement.Action === 'events:PutEvents'
        ? { ...statement, Condition: { 'ForAllValues:StringEquals': { 'events:detail-type': publishes } } }
        : statement,
    );
    return { ...properties, PolicyDocument: { Statement: statements } };
  });

describe('the model', () => {
  test('has every service with its queue, both dead-letter queues and its table', () => {
    expect(flow.services.map(({ name }) => name)).toEqual(['bookings', 'seats', 'payments', 'receipts', 'status']);
    for (const { name, queues, tables, rules } of flow.services) {
      const own = `airline-${name}`;
      expect(queues.find(({ reader }) => reader === `${own}-consumer`)).toMatchObject({
        name: own,
        deadLetters: { name: `${own}-dead-letters`, maxReceiveCount: 5 },
      });
      expect(tables.map((table) => table.name)).toEqual([own]);
      expect(new Set(rules.map(({ queue, undelivered }) => `${queue} ${undelivered}`))).toEqual(
        new Set([`${own} ${own}-undelivered`]),
      );
    }
  });

  test('has the timers, the routes, and whom the services call', () => {
    const facts = flow.services.map(({ name, timers, routes, calls }) => [
      name,
      timers.map(({ kind }) => kind),
      routes.map(({ route }) => route),
      calls,
    ]);
    expect(facts).toEqual([
      ['bookings', [], ['POST /bookings', 'DELETE /bookings/{bookingId}'], []],
      ['seats', ['message to itself'], ['GET /flights', 'GET /flights/{flightId}/seats'], []],
      ['payments', [], [], ['payment provider']],
      ['receipts', ['message to itself'], [], ['mail']],
      ['status', ['schedule'], ['GET /bookings/{bookingId}'], []],
    ]);
  });

  test('has a timer for a scheduled rule', () => {
    const Targets = [{ Arn: { 'Fn::GetAtt': ['Watch', 'Arn'] } }];
    const template = {
      Resources: {
        Watch: { Type: 'AWS::Lambda::Function', Properties: { FunctionName: 'airline-status-watch', Timeout: 10 } },
        Rule: { Type: 'AWS::Events::Rule', Properties: { Name: 'r', ScheduleExpression: 'rate(1 minute)', Targets } },
      },
    };
    const platform = stacks.find(({ name }) => name === 'airline-platform')!;
    const { services } = flowOfTemplates([platform, { name: 'airline-status', template }], knowledge);
    expect(services[0]!.timers).toEqual([
      { kind: 'schedule', rule: 'r', expression: 'rate(1 minute)', function: 'airline-status-watch' },
    ]);
  });

  test('knows for each event who owns, says, hears and reads it', () => {
    const event = flow.events.find(({ detailType }) => detailType === 'BookingRequested')!;
    expect(event).toMatchObject({
      owner: 'bookings',
      saidBy: ['bookings'],
      fromOutside: true,
      personal: ['data.passenger.name', 'data.passenger.email'],
      example: { data: { seats: expect.any(Array) } },
    });
    expect(event.heardBy.map(({ service }) => service).sort()).toEqual(Object.keys(event.reads).sort());
  });
});

test('the documents are current', async () => {
  const stale = documentsOf(flow, await tellStories(flow)).filter(({ isCurrent }) => !isCurrent);
  expect(stale.map(({ file }) => file)).toEqual([]);
});

test('nothing is wrong with the flow', async () => {
  expect(findFlowMistakes(flow, knowledge.contract)).toEqual([]);
  expect(await findUnsettledEnds(flow, await tellStories(flow))).toEqual([]);
});

describe('a changed rule', () => {
  test('changes picture, table, page, AsyncAPI and stories, and the documents are no longer current', async () => {
    // Payments hears the answer to its own PaymentFailed too.
    const all = { source: ['airline.seats'], 'detail-type': ['SeatReleased'] };
    const other = withPattern('payments', 'released-seats', all);
    const before = documentsOf(flow, await tellStories(flow));
    const after = documentsOf(other, await tellStories(other));
    expect(after.filter(({ isCurrent }) => !isCurrent).map(({ file }) => file)).toEqual([
      'README.md',
      'docs/flow.svg',
      'docs/flow.md',
      'docs/asyncapi.yaml',
      'docs/stories.md',
    ]);
    // The HTTP API is not made of the rules.
    const changed = after.filter(({ content }, index) => content !== before[index]!.content);
    expect(changed.map(({ file }) => file)).not.toContain('docs/openapi.yaml');
    expect(changed).toHaveLength(before.length - 1);
    expect(formats.mermaid!(other)).not.toBe(formats.mermaid!(flow));
    expect(await findUnsettledEnds(other, await tellStories(other))).toEqual([]);
  });

  test('has its pattern in place of words that no subscription gives', () => {
    const detail = { data: { reason: ['cancelled'] } };
    const other = withPattern('payments', 'released-seats', {
      source: ['airline.seats'],
      'detail-type': ['SeatReleased'],
      detail,
    });
    expect(formats.markdown!(other)).toContain('only where its detail matches `{"data":{"reason":["cancelled"]}}`');
  });
});

describe('a mistake', () => {
  test.each<[string, () => Flow, RegExp]>([
    [
      'a rule that hears what nobody publishes',
      () => withPattern('seats', 'payments', { source: ['airline.payments'], 'detail-type': ['PaymentLost'] }),
      /^airline-seats: rule airline-seats-payments hears the detail-type PaymentLost, which nobody publishes; .* Correct packages\/seats\/src\/subscriptions\.ts\.$/m,
    ],
    [
      'a rule that hears what no function may publish',
      () => withSays('receipts', []),
      /^airline-status: rule airline-status-receipts hears ReceiptIssued, but no function may publish it\.$/m,
    ],
    [
      'an event that no function may publish',
      () => withSays('receipts', []),
      /^ReceiptIssued is in the contract, but no function may publish it\. Add it to `says` in packages\/receipts\/infra\/stack\.ts/m,
    ],
    [
      'a function that may publish what the contract does not have',
      () => withSays('receipts', ['ReceiptIssued', 'ReceiptLost']),
      /^receipts may publish ReceiptLost, which the contract does not have\. Add its schema to events-schemas\/schemas/m,
    ],
    [
      'an event without a listener',
      () => withoutRule('status', 'receipts'),
      /^ReceiptIssued of airline\.receipts has no listener: no rule hears it\. Add it to the src\/subscriptions\.ts/m,
    ],
  ])('is found: %s', (_, make, message) => {
    expect(findFlowMistakes(make(), knowledge.contract).join('\n')).toMatch(message);
  });

  test.each<[string, () => Flow, RegExp]>([
    [
      'a participant that never hears of the other one’s no',
      () => withoutRule('payments', 'refused-seats'),
      /^A booking can end without a settled answer \(one booking whose hold ends\): everything-settles: b1 failed at one service.*\n +1 .*\n/m,
    ],
    [
      'a status that never hears of a fact',
      () =>
        withPattern('status', 'payments', {
          source: ['airline.payments'],
          'detail-type': ['PaymentOk', 'PaymentRefunded'],
        }),
      /^The story “Card declined” ends without a settled answer: `PAYMENT_FAILED`, not settled/m,
    ],
    [
      'a participant that hears no request',
      () => withPattern('seats', 'bookings', { source: ['airline.bookings'], 'detail-type': ['BookingCancelled'] }),
      /^A booking can end without a settled answer \(one booking\): everything-settles: b1 got no answer: /m,
    ],
  ])('is found: %s', async (_, make, message) => {
    const other = make();
    const found = await findUnsettledEnds(other, await tellStories(other));
    expect(found.join('\n')).toMatch(message);
  });
});

describe('AsyncAPI', () => {
  const errorsOf = async (document: string): Promise<string[]> => {
    const { diagnostics } = await new Parser().parse(document);
    // An error is 0, a warning 1.
    return diagnostics
      .filter(({ severity }) => Number(severity) < 2)
      .map(({ path, message }) => `${path.join('.')}: ${message}`);
  };

  test('is accepted without errors and warnings, with every event, queue, operation and owner', async () => {
    const text = formats.asyncapi!(flow);
    expect(await errorsOf(text)).toEqual([]);
    const { channels, operations, components } = parse(text) as {
      channels: Record<string, { bindings?: object }>;
      operations: Record<string, { tags: { name: string }[] }>;
      components: { messages: Record<string, Record<string, unknown>> };
    };
    expect(Object.keys(components.messages)).toEqual(flow.events.map(({ detailType }) => detailType));
    for (const { detailType, owner, example } of flow.events) {
      expect(components.messages[detailType]).toMatchObject({
        'x-owner': owner,
        examples: [{ payload: { detail: example } }],
        payload: { properties: { detail: { $ref: `#/components/schemas/${detailType}` } } },
      });
    }
    for (const { name, says } of flow.services) {
      expect(channels[`airline-${name}`]!.bindings).toBeDefined();
      expect(operations[`${name}-hears`]!.tags).toEqual([{ name }]);
      expect(operations[`${name}-says`] === undefined).toBe(says.length === 0);
    }
  });

  test.each<[string, (text: string) => string]>([
    ['a type that JSON Schema does not have', (text) => text.replace('type: integer', 'type: whole')],
    [
      'a reference without a target',
      (text) => text.replace('"#/components/schemas/SeatBooked"', '"#/components/schemas/x"'),
    ],
    ['a binding that is none of SQS', (text) => text.replace('fifoQueue: false', 'fifoQueue: maybe')],
  ])('would not be accepted with %s', async (_, breakIt) => {
    const text = formats.asyncapi!(flow);
    expect(breakIt(text)).not.toBe(text);
    expect(await errorsOf(breakIt(text))).not.toEqual([]);
  });
});

describe("a message's schema in AsyncAPI", () => {
  test('accepts its example, and refuses it without data and with another source', () => {
    const document = parse(formats.asyncapi!(flow)) as object;
    const ajv = new Ajv({ strict: false, validateFormats: false }).addSchema(document, 'asyncapi');
    for (const { detailType, source, example } of flow.events) {
      const accepts = ajv.compile({ $ref: `asyncapi#/components/messages/${detailType}/payload` });
      const event = { source, 'detail-type': detailType, time: '2026-12-01T09:30:00Z', detail: example };
      const { metadata } = example as { metadata: object };
      const candidates = [event, { ...event, detail: { metadata } }, { ...event, source: 'x' }];
      expect([detailType, candidates.map((each) => accepts(each))]).toEqual([detailType, [true, false, false]]);
    }
  });
});

describe('a story', () => {
  test('is the same each time', async () => {
    expect(await tellStories(flow)).toEqual(await tellStories(flow));
  });

  test('ends as its title says', async () => {
    const stories = await tellStories(flow);
    expect(stories.map(({ title, outcomes }) => [title, outcomes.at(-1)])).toEqual([
      ['Confirmed', '`CONFIRMED`: has 3A; EUR 81.00 charged; mailed: receipt'],
      ['Seat taken', 'second: `SEAT_UNAVAILABLE`: has no seat; EUR 81.00 charged; EUR 81.00 refunded; no mail'],
      ['Card declined', '`PAYMENT_FAILED`: has no seat; nothing charged; no mail'],
      ['Cancelled', '`CANCELLED`: has no seat; EUR 81.00 charged; EUR 81.00 refunded; mailed: receipt, refund notice'],
      ['Expired', '`EXPIRED`: has no seat; nothing charged; no mail'],
      ['Duplicate', '`CONFIRMED`: has 3A; EUR 81.00 charged; mailed: receipt'],
      ['Late redrive', '`EXPIRED`: has no seat; EUR 81.00 charged; EUR 81.00 refunded; mailed: receipt, refund notice'],
    ]);
  });

  test('follows the handlers: with a planted bug it ends otherwise', async () => {
    const script = storyScripts().find(({ title }) => title === 'Card declined')!;
    const plant = { seatStore: (store: object) => ({ ...store, freeSeats: async () => undefined }) as never };
    const story = await recordStory(script, listenersOfFlow(flow), plant);
    expect(story.outcomes[0]).toContain('has 3A');
  });
});

describe('the comparison of two flows', () => {
  test('finds nothing between equal ones of other names', () => {
    const renamed = JSON.parse(JSON.stringify(flow).replaceAll('"airline-', '"test-')) as Flow;
    expect(compareFlows({ ...renamed, airline: 'test' }, flow)).toEqual([]);
  });

  test('names each fact that only one of them has', () => {
    const other = withSays('receipts', ['ReceiptIssued', 'ReceiptLost']);
    expect(compareFlows(other, flow)).toEqual(['only there: receipts says ReceiptLost']);
    expect(compareFlows(flow, withoutRule('status', 'receipts'))).toEqual([
      expect.stringMatching(/^only there: status hears .*"name":"status-receipts"/),
    ]);
  });
});

describe('a picture', () => {
  test('shows every service and event, and needs nothing from elsewhere', () => {
    const svg = formats.svg!(flow);
    for (const { name } of flow.services) expect(svg).toContain(`>${name}</text>`);
    for (const { detailType } of flow.events) expect(svg).toContain(`>${detailType}</text>`);
    expect(svg).toContain('prefers-color-scheme:dark');
    expect(svg.replace('xmlns="http://www.w3.org/2000/svg"', '')).not.toMatch(/https?:|url\(|@import|<image|<script/);
  });

  test('shows a name that is markup as text', () => {
    const markup = '<b a="1">&';
    const [first, ...rest] = flow.services;
    const other = { ...flow, services: [{ ...first!, routes: [{ route: markup, function: 'f' }] }, ...rest] };
    expect(formats.svg!(other)).toContain('&lt;b a=&quot;1&quot;&gt;&amp;');
    expect(formats.mermaid!(other)).toContain('#lt;b a=#quot;1#quot;#gt;#amp;');
  });
});

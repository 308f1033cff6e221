import { CloudFormationClient, GetTemplateCommand } from '@aws-sdk/client-cloudformation';
import { EventBridgeClient, ListRulesCommand, type Rule } from '@aws-sdk/client-eventbridge';
import { beforeEach, expect, test } from '@jest/globals';
import { mockClient } from 'aws-sdk-client-mock';
import type { Target } from '../../../airline/target.ts';
import { deployedFlow } from '../../../flow/deployed-flow.ts';
import { loadKnowledge } from '../../../flow/knowledge.ts';

const pattern = { source: ['airline.bookings'], 'detail-type': ['BookingRequested'] };
const platform = { Resources: { Bus: { Type: 'AWS::Events::EventBus', Properties: { Name: 'test' } } } };
const seats = {
  Resources: {
    Queue: { Type: 'AWS::SQS::Queue', Properties: { QueueName: 'test-seats' } },
    Rule: {
      Type: 'AWS::Events::Rule',
      Properties: {
        Name: 'test-seats-bookings',
        EventPattern: pattern,
        Targets: [{ Arn: { 'Fn::GetAtt': ['Queue', 'Arn'] } }],
      },
    },
  },
};
const rule: Rule = { Name: 'test-seats-bookings', State: 'ENABLED', EventPattern: JSON.stringify(pattern) };

const cloudFormation = mockClient(CloudFormationClient);
const eventBridge = mockClient(EventBridgeClient);

beforeEach(() => {
  cloudFormation.reset();
  eventBridge.reset();
  for (const [service, template] of Object.entries({ platform, seats }))
    cloudFormation
      .on(GetTemplateCommand, { StackName: `test-${service}`, TemplateStage: 'Original' })
      .resolves({ TemplateBody: JSON.stringify(template) });
});

/** What a target with these rules has, on two pages. */
async function deployed(...rules: Rule[]): ReturnType<typeof deployedFlow> {
  eventBridge
    .on(ListRulesCommand)
    .resolves({ Rules: [], NextToken: 'more' })
    .on(ListRulesCommand, { EventBusName: 'test', NextToken: 'more' })
    .resolves({ Rules: rules });
  const target: Partial<Target> = {
    airline: 'test',
    eventBridge: new EventBridgeClient({ region: 'eu-west-1' }),
    clientConfig: { region: 'eu-west-1' },
    parameters: async () =>
      new Map([
        ['bus/name', 'test'],
        ['seats/queue-url', 'https://queue'],
      ]),
  };
  return deployedFlow(target as Target, await loadKnowledge());
}

test('the flow has the stacks and the rules that are there, and the archive’s own rule is no difference', async () => {
  const { flow, changedByHand } = await deployed(
    // EventBridge may write the names of a pattern in another order.
    { ...rule, EventPattern: JSON.stringify({ 'detail-type': pattern['detail-type'], source: pattern.source }) },
    { Name: 'Events-Archive-test', ManagedBy: 'prod.vhs.events.aws.internal' },
  );
  expect(changedByHand).toEqual([]);
  expect(flow).toMatchObject({ airline: 'test', bus: 'test', services: [{ name: 'seats', stack: 'test-seats' }] });
  const requested = flow.events.find(({ detailType }) => detailType === 'BookingRequested')!;
  expect(requested.heardBy).toEqual([{ service: 'seats' }]);
});

const cancelled = JSON.stringify({ source: ['airline.bookings'], 'detail-type': ['BookingCancelled'] });
test.each<[string, Rule[], string[], RegExp]>([
  [
    'is gone',
    [],
    [],
    /^The bus test has no rule test-seats-bookings, which test-seats created\. Deploy test-seats again/,
  ],
  [
    'is disabled',
    [{ ...rule, State: 'DISABLED' }],
    [],
    /^The rule test-seats-bookings is disabled\. Enable it: aws events enable-rule --name test-seats-bookings --event-bus-name test$/,
  ],
  [
    'has another pattern',
    [{ ...rule, EventPattern: cancelled }],
    ['BookingCancelled'],
    /^The rule test-seats-bookings has another pattern than test-seats gave it: \{"source"/,
  ],
  [
    'has company',
    [rule, { ...rule, Name: 'mine' }],
    ['BookingRequested'],
    /^The rule mine of the bus test belongs to no stack of this airline\.$/,
  ],
])('a rule that %s is told, and the flow is as the bus has it', async (_, rules, heard, why) => {
  const { flow, changedByHand } = await deployed(...rules);
  expect(changedByHand).toEqual([expect.stringMatching(why)]);
  const hearing = flow.events.filter(({ heardBy }) => heardBy.length > 0);
  expect(hearing.map(({ detailType }) => detailType)).toEqual(heard);
});

const denied = Object.assign(
  new Error('User: arn:aws:sts::1:assumed-role/x/ada is not authorized to perform: cloudformation:GetTemplate'),
  { name: 'AccessDenied' },
);
test.each<[string, () => unknown, RegExp]>([
  [
    'CloudFormation refuses',
    () => cloudFormation.on(GetTemplateCommand).rejects(denied),
    /^Your role x may not call cloudformation:GetTemplate/,
  ],
  [
    'a stack is not there',
    () => cloudFormation.on(GetTemplateCommand).rejects(new Error('Stack with id test-platform does not exist')),
    /^CloudFormation does not give the template of the stack test-platform: Stack with id test-platform does not exist/,
  ],
  [
    'a stack is somebody else’s',
    () => cloudFormation.on(GetTemplateCommand).resolves({ TemplateBody: 'Resources: {}' }),
    /^The stack test-platform was not deployed by this project: its template is no JSON with Resources\.$/,
  ],
])('it says what to do when %s', async (_, arrange, why) => {
  cloudFormation.reset();
  arrange();
  await expect(deployed(rule)).rejects.toThrow(why);
});

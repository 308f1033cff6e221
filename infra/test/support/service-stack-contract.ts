import type { EventType } from '@airline/events-schemas/events';
import { eventPatternOf, type Subscriptions } from '@airline/events-schemas/subscriptions';
import { beforeAll, describe, expect, test } from '@jest/globals';
import type { Stack } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { handlersReserveMilliseconds } from '../../../packages/messaging/src/batch-time.ts';
import { longestPauseSeconds } from '../../../packages/messaging/src/retry-backoff.ts';
import { statementsOn } from './policy-statements.ts';

export interface ServiceStack {
  service: string;
  /** Creates the stack in an app of its own. */
  create: () => Stack;
  hears: Subscriptions;
  /** All that its functions may publish. */
  says: readonly EventType[];
  /** @default none */
  routes?: readonly string[];
  /** Of the consumer's function. @default 10 */
  timeoutSeconds?: number;
}

/** The times of a service's consumer, in seconds, as its template has them. */
export function consumerTimesOf(
  template: Template,
  service: string,
): { timeout: number; visibility: number; receives: number; retention: number; deadLetterRetention: number } {
  const queue = (QueueName: string) =>
    Object.values(template.findResources('AWS::SQS::Queue', { Properties: { QueueName } }))[0]!.Properties as {
      VisibilityTimeout: number;
      MessageRetentionPeriod: number;
      RedrivePolicy: { maxReceiveCount: number };
    };
  const Description = `Handles what ${service} hears`;
  const functions = Object.values(template.findResources('AWS::Lambda::Function', { Properties: { Description } }));
  const { VisibilityTimeout, MessageRetentionPeriod, RedrivePolicy } = queue(`airline-${service}`);
  return {
    timeout: (functions[0]!.Properties as { Timeout: number }).Timeout,
    visibility: VisibilityTimeout,
    receives: RedrivePolicy.maxReceiveCount,
    retention: MessageRetentionPeriod,
    deadLetterRetention: queue(`airline-${service}-dead-letters`).MessageRetentionPeriod,
  };
}

/**
 * Tests what every service's stack must have. Call it at the top of a test file.
 * @returns the template, within tests, for what is special to the service
 */
export function testServiceStack(expected: ServiceStack): () => Template {
  const { service, create, hears, says, routes = [], timeoutSeconds = 10 } = expected;
  const name = `airline-${service}`;
  let template: Template;

  beforeAll(() => {
    template = Template.fromStack(create());
  }, 60_000);

  /** The rules of the bus. A schedule is a rule, too. */
  function eventRules(): Record<string, { DependsOn?: string[]; Properties: { Name: string; EventBusName: unknown } }> {
    return template.findResources('AWS::Events::Rule', { Properties: { EventPattern: Match.anyValue() } }) as never;
  }

  describe(`the ${service} stack, as every service's`, () => {
    test.each(Object.entries(hears))('hears %s by a rule, and keeps what cannot be delivered', (_, subscription) => {
      template.hasResourceProperties('AWS::Events::Rule', {
        EventPattern: Match.objectEquals(eventPatternOf(subscription)),
        Targets: [{ DeadLetterConfig: { Arn: Match.anyValue() } }],
      });
    });

    test('hears nothing else', () => {
      expect(Object.keys(eventRules())).toHaveLength(Object.keys(hears).length);
    });

    test('creates its rules after the policies of their queues, the functions and the event source', () => {
      const rules = eventRules();
      const needed = [
        ...Object.keys(template.findResources('AWS::SQS::QueuePolicy')),
        ...Object.keys(template.findResources('AWS::Lambda::EventSourceMapping')),
        ...Object.keys(
          template.findResources('AWS::Lambda::Function', {
            Properties: { Description: `Handles what ${service} hears` },
          }),
        ),
      ];
      expect(needed).toHaveLength(5);
      for (const { DependsOn } of Object.values(rules)) expect(DependsOn).toEqual(expect.arrayContaining(needed));
      for (const [id, resource] of Object.entries(
        (template.toJSON() as { Resources: Record<string, unknown> }).Resources,
      ))
        for (const rule of Object.keys(rules))
          expect([id, JSON.stringify(resource)]).not.toEqual([id, expect.stringContaining(`"${rule}"`)]);
    });

    test('admits its rules of the bus, and nobody else, to its queue and to the queue of undelivered events', () => {
      const rules = Object.values(eventRules()).map(({ Properties }) => Properties);
      for (const { Name } of rules) expect(Name.startsWith(`${name}-`)).toBe(true);
      const arn = {
        'Fn::Join': [
          '',
          [
            'arn:',
            { Ref: 'AWS::Partition' },
            ':events:',
            { Ref: 'AWS::Region' },
            ':',
            { Ref: 'AWS::AccountId' },
            ':rule/',
            rules[0]!.EventBusName,
            `/${name}-*`,
          ],
        ],
      };
      const policies = Object.values(template.findResources('AWS::SQS::QueuePolicy')).map(
        ({ Properties }) =>
          Properties as { Queues: { Ref: string }[]; PolicyDocument: { Statement: Record<string, unknown>[] } },
      );
      const admitting = policies.flatMap(({ Queues, PolicyDocument }) =>
        PolicyDocument.Statement.filter(({ Effect }) => Effect === 'Allow').map((statement) => ({
          queue: queueName(Queues[0]!.Ref),
          statement,
        })),
      );
      expect(admitting).toEqual(
        [`${name}-undelivered`, name].map((queue) => ({
          queue,
          statement: {
            Action: 'sqs:SendMessage',
            Condition: { ArnLike: { 'aws:SourceArn': arn } },
            Effect: 'Allow',
            Principal: { Service: 'events.amazonaws.com' },
            Resource: expect.anything(),
          },
        })),
      );
      function queueName(logicalId: string): string {
        return (template.findResources('AWS::SQS::Queue')[logicalId]!.Properties as { QueueName: string }).QueueName;
      }
    });

    test('gives a message five tries, and each try six times the time that it may take', () => {
      template.hasResourceProperties('AWS::Lambda::Function', {
        Description: `Handles what ${service} hears`,
        Timeout: timeoutSeconds,
        Runtime: 'nodejs24.x',
      });
      template.hasResourceProperties('AWS::SQS::Queue', {
        QueueName: name,
        VisibilityTimeout: 6 * timeoutSeconds,
        RedrivePolicy: { maxReceiveCount: 5 },
      });
      template.hasResourceProperties('AWS::Lambda::EventSourceMapping', {
        FunctionResponseTypes: ['ReportBatchItemFailures'],
      });
    });

    test('has times that fit into each other', () => {
      const { timeout, visibility, retention, deadLetterRetention } = consumerTimesOf(template, service);
      // A handler has more than half of the function's time; the rest is for publishing and for the answer.
      expect(2 * handlersReserveMilliseconds).toBeLessThan(timeout * 1000);
      expect(visibility).toBeGreaterThanOrEqual(6 * timeout);
      expect(longestPauseSeconds).toBeLessThanOrEqual(visibility);
      expect(deadLetterRetention).toBeGreaterThan(retention);
    });

    test('keeps dead letters of both kinds for 14 days', () => {
      for (const QueueName of [`${name}-dead-letters`, `${name}-undelivered`]) {
        template.hasResourceProperties('AWS::SQS::Queue', { QueueName, MessageRetentionPeriod: 14 * 24 * 3600 });
      }
    });

    test(`may say ${says.length > 0 ? `${says.join(', ')} as airline.${service}, and nothing else` : 'nothing'}`, () => {
      const putting = {
        Action: 'events:PutEvents',
        Condition: {
          'ForAllValues:StringEquals': { 'events:source': `airline.${service}`, 'events:detail-type': says },
          Null: { 'events:source': 'false', 'events:detail-type': 'false' },
        },
      };
      const statements = statementsOn(template, 'events').map(({ Action, Condition }) => ({ Action, Condition }));
      expect(statements).toEqual(says.length > 0 ? [putting] : []);
    });

    test('touches its own table only', () => {
      const tables = Object.keys(template.findResources('AWS::DynamoDB::Table'));
      expect(tables).toHaveLength(1);
      const resources = statementsOn(template, 'dynamodb').flatMap(({ Resource }) => [Resource].flat());
      expect(resources.length).toBeGreaterThan(0);
      // The table itself, or an index of it.
      const own = `{"Fn::GetAtt":["${tables[0]!}","Arn"]}`;
      for (const resource of resources.map((each) => JSON.stringify(each)))
        expect(resource === own || resource.startsWith(`{"Fn::Join":["",[${own},"/index/`)).toBe(true);
    });

    test('has its table forget what has expired, by the attribute that Powertools writes', () => {
      template.hasResourceProperties('AWS::DynamoDB::Table', {
        TableName: name,
        TimeToLiveSpecification: { AttributeName: 'expiresAtEpoch', Enabled: true },
      });
    });

    test(`serves ${routes.length > 0 ? `${routes.join(', ')}, and no other route` : 'no route'}`, () => {
      for (const RouteKey of routes) template.hasResourceProperties('AWS::ApiGatewayV2::Route', { RouteKey });
      template.resourceCountIs('AWS::ApiGatewayV2::Route', routes.length);
    });
  });

  return () => template;
}

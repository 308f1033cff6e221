import { App, CfnDeletionPolicy, Duration, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import type { CfnAlarm } from 'aws-cdk-lib/aws-cloudwatch';
import { CfnIntegration, CfnRoute, HttpApi } from 'aws-cdk-lib/aws-apigatewayv2';
import { type CfnTable, Table } from 'aws-cdk-lib/aws-dynamodb';
import { CfnArchive, CfnEventBusPolicy, type CfnRule, EventBus, Rule } from 'aws-cdk-lib/aws-events';
import { SqsQueue } from 'aws-cdk-lib/aws-events-targets';
import {
  AccountPrincipal,
  AccountRootPrincipal,
  AnyPrincipal,
  type CfnPolicy,
  CompositePrincipal,
  ManagedPolicy,
  PolicyStatement,
  Role,
  ServicePrincipal,
} from 'aws-cdk-lib/aws-iam';
import { CfnEventSourceMapping, type CfnFunction } from 'aws-cdk-lib/aws-lambda';
import type { CfnLogGroup } from 'aws-cdk-lib/aws-logs';
import { type CfnQueue, type CfnQueuePolicy, Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import { describe, expect, test } from '@jest/globals';
import path from 'node:path';
import { ApiFunction } from '../src/api-function.ts';
import { CommandRole } from '../src/command-role.ts';
import { EventConsumer } from '../src/event-consumer.ts';
import { PlatformStack } from '../src/platform-stack.ts';
import { platformApi, platformBus } from '../src/platform.ts';
import { type Finding, formatFinding } from '../src/policies/finding.ts';
import { grantJustified, justify } from '../src/policies/justify.ts';
import { findUnresolved, type StackTemplate } from '../src/policies/policy-plugin.ts';
import { RotatedKey } from '../src/rotated-key.ts';
import { ServiceTable } from '../src/service-table.ts';

// cdk-nag still reads a deprecated property of the CDK.
process.env.JSII_DEPRECATED = 'quiet';

const entry = path.join(__dirname, 'fixtures', 'consumer.ts');

/** A stack made of the same constructs as each service's stack. */
class ReceiptsStack extends Stack {
  readonly table: ServiceTable;
  readonly consumer: EventConsumer;
  readonly bus = platformBus(this);

  constructor(app: App) {
    super(app, 'airline-receipts');
    this.table = new ServiceTable(this, 'Table', { service: 'receipts' });
    this.consumer = new EventConsumer(this, 'Consumer', {
      service: 'receipts',
      entry,
      bus: this.bus,
      hears: { Payments: { source: 'airline.payments', detailTypes: ['PaymentOk'] } },
      says: ['ReceiptIssued'],
    });
    this.table.grant(this.consumer.function, 'dynamodb:GetItem');
  }

  get function() {
    return this.consumer.function;
  }
}

/** The unresolved findings of that stack after a change. */
function findingsWhen(change: (stack: ReceiptsStack) => void): Finding[] {
  const app = new App();
  const stack = new ReceiptsStack(app);
  change(stack);
  const { template } = app.synth().getStackByName(stack.stackName) as unknown as StackTemplate;
  return findUnresolved(app, [{ stackPath: stack.node.path, template }]);
}

/** The message of the only finding after a change. */
function onlyMessage(change: (stack: ReceiptsStack) => void): string {
  const messages = findingsWhen(change).map(formatFinding);
  expect(messages).toHaveLength(1);
  return messages[0]!;
}

/** The L1 resource of a construct, to change the template directly. */
const raw = <T>(construct: { node: { defaultChild?: unknown } }): T => construct.node.defaultChild as T;

test('a stack made of the constructs has no findings', () => {
  expect(findingsWhen(() => undefined)).toEqual([]);
});

describe('a role', () => {
  test('that may read the table of another service is reported, with the table and the remedy', () => {
    const message = onlyMessage((stack) =>
      Table.fromTableName(stack, 'Seats', 'airline-seats').grant(stack.function, 'dynamodb:GetItem'),
    );
    expect(message).toMatch(
      /^stack airline-receipts: ConsumerFunctionRoleDefaultPolicy\w+ \(airline-receipts\/Consumer\/FunctionRole\//,
    );
    expect(message).toContain(
      'may dynamodb:GetItem on arn:${AWS::Partition}:dynamodb:${AWS::Region}:${AWS::AccountId}:table/airline-seats',
    );
    expect(message).toContain("subscribe to other services' events");
  });

  const own = { 'events:source': 'airline.receipts', 'events:detail-type': 'ReceiptIssued' };
  const present = { 'events:source': 'false', 'events:detail-type': 'false' };
  const limited = (values: Record<string, string>) => ({ 'ForAllValues:StringEquals': values, Null: present });

  test.each<[string, string, Record<string, unknown>]>([
    ['with any source', 'any-source', limited({ 'events:detail-type': 'ReceiptIssued' })],
    ['of any detail-type', 'any-detail-type', limited({ 'events:source': 'airline.receipts' })],
    ['with the source of another service', 'foreign-source', limited({ ...own, 'events:source': 'airline.seats' })],
    [
      'of a detail-type of another service',
      'foreign-detail-type',
      limited({ ...own, 'events:detail-type': 'SeatBooked' }),
    ],
    [
      'with no source',
      'no-source',
      { 'ForAllValues:StringEquals': own, Null: { ...present, 'events:source': 'true' } },
    ],
    ['with no detail-type', 'no-detail-type', { 'ForAllValues:StringEquals': own, Null: { 'events:source': 'false' } }],
    [
      'only one by one, as its source has one value',
      'single-source',
      {
        StringEquals: { 'events:source': 'airline.receipts' },
        ...limited({ 'events:detail-type': 'ReceiptIssued' }),
      },
    ],
    [
      'only one by one, as its detail-type has one value',
      'single-detail-type',
      { StringEquals: { 'events:detail-type': 'ReceiptIssued' }, ...limited({ 'events:source': 'airline.receipts' }) },
    ],
  ])('that may put events %s is reported', (_, finding, conditions) => {
    const message = onlyMessage((stack) =>
      stack.function.addToRolePolicy(
        new PolicyStatement({ actions: ['events:PutEvents'], resources: [stack.bus.eventBusArn], conditions }),
      ),
    );
    expect(message).toContain(`Finding: put-events ${finding}`);
    expect(message).toContain('grantPutEvents()');
  });

  test('that may put events on another bus is reported', () => {
    const message = onlyMessage((stack) =>
      stack.function.addToRolePolicy(
        new PolicyStatement({
          actions: ['events:PutEvents'],
          resources: [stack.formatArn({ service: 'events', resource: 'event-bus', resourceName: 'default' })],
          conditions: limited(own),
        }),
      ),
    );
    expect(message).toContain("event-bus/default, which is not the airline's bus");
  });

  test('with wildcards is reported by the project and by cdk-nag', () => {
    const ids = findingsWhen((stack) =>
      stack.function.addToRolePolicy(new PolicyStatement({ actions: ['s3:Get*'], resources: ['*'] })),
    ).map(({ id }) => id);
    expect(ids).toEqual([
      'wildcard-action s3:Get*',
      'foreign s3:Get* *',
      // Every role has a justification of cdk-nag's finding about the resource `*`, for X-Ray, so that finding is
      // missing here. The project's own finding names the action and is not covered by it.
      'AwsSolutions-IAM5[Action::s3:Get*]',
    ]);
  });

  test('that may read every index of its own table is reported', () => {
    const message = onlyMessage((stack) => {
      const everyIndex = `${stack.table.tableArn}/index/*`;
      stack.function.addToRolePolicy(new PolicyStatement({ actions: ['dynamodb:Query'], resources: [everyIndex] }));
      justify(
        stack.function.role!,
        'AwsSolutions-IAM5[Resource::<TableCD117FA1.Arn>/index/*]',
        'Justifies the finding of cdk-nag alone.',
      );
    });
    expect(message).toContain('a role may dynamodb:Query on ${TableCD117FA1.Arn}/index/*');
    expect(message).toContain('name the index');
  });

  test('with a managed policy, a NotAction statement or trust in another account is reported', () => {
    const ids = findingsWhen((stack) => {
      stack.function.role!.addManagedPolicy(ManagedPolicy.fromAwsManagedPolicyName('AmazonSESFullAccess'));
      stack.function.addToRolePolicy(
        new PolicyStatement({ notActions: ['iam:PassRole'], resources: [stack.table.tableArn] }),
      );
      new Role(stack, 'Operators', { assumedBy: new AccountPrincipal('111122223333') });
    }).map(({ id }) => id);
    expect(ids).toContainEqual(expect.stringMatching(/^trust .*111122223333/));
    expect(ids).toContain('managed-policy arn:${AWS::Partition}:iam::aws:policy/AmazonSESFullAccess');
    expect(ids).toContain('all-but');
  });

  describe('for commands', () => {
    const arn = (service: string, resource: string, resourceName?: string) => (stack: Stack) =>
      stack.formatArn({ service, resource, ...(resourceName !== undefined && { resourceName }) });
    const roleWith = (stack: Stack, actions: string[], resources: string[], wide?: string): CommandRole =>
      new CommandRole(stack, 'Extra', {
        name: 'extra',
        description: 'For this test',
        secrets: ['payments/stripe-read-key'],
        permissions: [{ actions, resources, ...(wide !== undefined && { wide }) }],
      });

    test.each<[string, (stack: Stack) => string]>([
      ['sqs:ReceiveMessage', arn('sqs', 'airline-seats-dead-letters')],
      ['dynamodb:Scan', arn('dynamodb', 'table', 'airline-seats')],
      ['events:StartReplay', arn('events', 'event-bus', 'airline')],
      ['dynamodb:GetItem', (stack) => (stack as ReceiptsStack).table.tableArn],
    ])('may %s of the whole airline, by name', (action, resource) => {
      expect(findingsWhen((stack) => void roleWith(stack, [action], [resource(stack)]))).toEqual([]);
    });

    test.each<[string, (stack: Stack) => string, string]>([
      ['a queue of somebody else', arn('sqs', 'payroll'), 'sqs:${AWS::Region}:${AWS::AccountId}:payroll'],
      ['an airline whose name begins alike', arn('dynamodb', 'table', 'airlines'), 'table/airlines'],
      ['another account', () => 'arn:aws:sqs:eu-west-1:111122223333:airline-seats', '111122223333:airline-seats'],
      ['every queue of the airline', arn('sqs', 'airline-*'), 'airline-*'],
      ['everything', () => '*', 'on *,'],
    ])('that reaches %s is reported, by the project or also by cdk-nag', (_, resource, text) => {
      const found = findingsWhen((stack) => void roleWith(stack, ['sqs:ReceiveMessage'], [resource(stack)]));
      const [first] = found.filter(({ id }) => id.startsWith('wide sqs:ReceiveMessage '));
      expect(formatFinding(first!)).toContain(text);
      expect(formatFinding(first!)).toContain('say so in `wide` of the permission');
      expect(found.filter(({ id }) => !/^(wide|AwsSolutions-IAM5)/.test(id))).toEqual([]);
    });

    test('may reach more for a stated reason', () => {
      const why = 'EventBridge knows no resource for this action of all accounts.';
      expect(findingsWhen((stack) => void roleWith(stack, ['events:ListRules'], ['*'], why))).toEqual([]);
    });

    test('without the name that people type is reported', () => {
      expect(
        onlyMessage((stack) => void new Role(stack, 'Operators', { assumedBy: new AccountRootPrincipal() })),
      ).toContain('create it as a CommandRole, which names it');
    });

    test('that also a service may assume, or that everybody with a tag may, is held to the rules of a function', () => {
      const [mixed, open] = [
        new CompositePrincipal(new AccountRootPrincipal(), new ServicePrincipal('lambda.amazonaws.com')),
        new AccountRootPrincipal().withSessionTags(),
      ].map((assumedBy) =>
        findingsWhen((stack) => {
          const role = new Role(stack, 'Mixed', { roleName: 'airline-mixed', assumedBy });
          role.addToPolicy(
            new PolicyStatement({ actions: ['sqs:SendMessage'], resources: [arn('sqs', 'airline')(stack)] }),
          );
        }).map(({ id }) => id),
      );
      for (const ids of [mixed, open]) {
        expect(ids).toContainEqual(expect.stringMatching(/^trust .*:root/));
        expect(ids).toContainEqual(expect.stringMatching(/^foreign sqs:SendMessage/));
      }
    });

    test('may put no events but those of its stack', () => {
      const ids = findingsWhen((stack) => {
        roleWith(stack, ['events:PutEvents'], [stack.bus.eventBusArn]);
      }).map(({ id }) => id);
      expect(ids).toEqual(['put-events any-source', 'put-events any-detail-type']);
    });
  });

  test('that the checks cannot read, because of a condition or another stack, is reported', () => {
    const ids = findingsWhen((stack) => {
      const policy = stack.function.role!.node.findChild('DefaultPolicy');
      const statement = {
        'Fn::If': ['Wide', { Effect: 'Allow', Action: '*', Resource: '*' }, { Ref: 'AWS::NoValue' }],
      };
      raw<CfnPolicy>(policy).addPropertyOverride('PolicyDocument.Statement.0', statement);
      raw<CfnFunction>(stack.function).addPropertyOverride('Role', 'arn:aws:iam::1:role/Admin');
    }).map(({ id }) => id);
    expect(ids).toEqual(expect.arrayContaining(['all-but', 'foreign-role arn:aws:iam::1:role/Admin']));
  });

  test('may have a justified permission on a resource outside its stack', () => {
    const statement = { actions: ['ssm:GetParameter'], resources: ['arn:aws:ssm:eu-west-1:1:parameter/x'] };
    expect(
      findingsWhen((stack) =>
        grantJustified(stack.function, statement, 'An operator keeps the key of the printer there.'),
      ),
    ).toEqual([]);
  });
});

describe('a justification', () => {
  test('that matches no finding is reported', () => {
    const message = onlyMessage((stack) =>
      justify(stack.table, 'wildcard-action dynamodb:*', 'It was needed for a while, long ago.'),
    );
    expect(message).toContain('there is a justification of wildcard-action dynamodb:*, but no such finding');
  });

  test('covers only its own construct', () => {
    const ids = findingsWhen((stack) => {
      stack.function.role!.addManagedPolicy(ManagedPolicy.fromAwsManagedPolicyName('AmazonSESFullAccess'));
      justify(
        stack.table,
        'AwsSolutions-IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/AmazonSESFullAccess]',
        'It is about a table, not about a role.',
      );
    }).map(({ id }) => id);
    expect(ids).toHaveLength(3);
    expect(ids[2]).toMatch(/^unused-justification AwsSolutions-IAM4/);
  });

  test('without a sentence is reported', () => {
    const message = onlyMessage((stack) => {
      raw<CfnTable>(stack.table).sseSpecification = undefined;
      justify(stack.table, 'unencrypted', 'not needed');
    });
    expect(message).toContain('the justification of unencrypted is "not needed"');
  });
});

describe('delivery', () => {
  test('a queue without a dead-letter queue is reported', () => {
    const found = findingsWhen((stack) => {
      raw<CfnQueue>(stack.consumer.queue).redrivePolicy = undefined;
    });
    const message = formatFinding(found.find(({ id }) => id === 'queue-without-dead-letters')!);
    expect(message).toMatch(
      /^stack airline-receipts: ConsumerQueue\w+ \(airline-receipts\/Consumer\/Queue\/Resource\): a function reads this queue/,
    );
    expect(message).toContain('give it a deadLetterQueue with maxReceiveCount');
  });

  test('a function that may run longer than a sixth of the visibility timeout is reported, with both remedies', () => {
    const message = onlyMessage((stack) => {
      raw<CfnFunction>(stack.function).timeout = 15;
    });
    expect(message).toMatch(/^stack airline-receipts: ConsumerQueue\w+ /);
    expect(message).toMatch(
      /visibility timeout of 60 s is less than six times the 15 s that \$\{ConsumerFunction\w+\} may run/,
    );
    expect(message).toContain("raise the visibility timeout to 90 s, or lower the function's timeout to 10 s");
  });

  test('a target without a dead-letter queue, and a dead-letter queue with a short retention, are reported', () => {
    const ids = findingsWhen((stack) => {
      raw<CfnQueue>(stack.consumer.deadLetters).messageRetentionPeriod = 3600;
      new Rule(stack, 'Extra', {
        eventBus: stack.bus,
        eventPattern: { source: ['airline.seats'] },
        targets: [new SqsQueue(stack.consumer.queue)],
      });
    }).map(({ id }) => id);
    expect(ids).toEqual([
      'short-retention',
      'target-without-dead-letters Target0',
      expect.stringMatching(/^early-rule ConsumerQueuePolicy/),
      expect.stringMatching(/^early-rule ConsumerFunctionSqsEventSource/),
    ]);
  });

  const eventRule = (stack: ReceiptsStack): Rule => stack.consumer.node.findChild('Payments') as Rule;

  test('a rule that may be created before the policies of its queues is reported, with both', () => {
    const messages = findingsWhen((stack) => {
      const eventSource = stack.function.node
        .findAll()
        .find((each) => each instanceof CfnEventSourceMapping) as CfnEventSourceMapping;
      raw<CfnRule>(eventRule(stack)).addOverride('DependsOn', [stack.resolve(eventSource.logicalId)]);
    }).map(formatFinding);
    expect(messages).toHaveLength(2);
    expect(messages[0]).toMatch(
      /^stack airline-receipts: ConsumerPayments\w+ \(airline-receipts\/Consumer\/Payments\/Resource\): CloudFormation may create the rule before ConsumerUndeliveredPolicy\w+: EventBridge does not retry/,
    );
    expect(messages[1]).toContain('may create the rule before ConsumerQueuePolicy');
  });

  test('a queue policy that refers to its rule is reported, with both', () => {
    const messages = findingsWhen((stack) => {
      const rule = raw<CfnRule>(eventRule(stack));
      rule.addDeletionOverride('DependsOn');
      // As the CDK's SqsQueue does.
      raw<CfnQueuePolicy>(stack.consumer.queue.node.findChild('Policy')).addPropertyOverride(
        'PolicyDocument.Statement.1.Condition.ArnLike.aws:SourceArn',
        { 'Fn::GetAtt': [stack.getLogicalId(rule), 'Arn'] },
      );
    }).map(formatFinding);
    expect(messages).toContainEqual(expect.stringMatching(/before ConsumerQueuePolicy\w+, which refers to the rule: /));
  });
});

describe('a resource policy', () => {
  test.each<[string, (stack: ReceiptsStack) => PolicyStatement, string]>([
    [
      'every rule',
      () => new PolicyStatement({ principals: [new ServicePrincipal('events.amazonaws.com')] }),
      'admits every rule of every account',
    ],
    ['everyone', () => new PolicyStatement({ principals: [new AnyPrincipal()] }), 'admits {"AWS":"*"}'],
    [
      'a rule of another account',
      () =>
        new PolicyStatement({
          principals: [new ServicePrincipal('events.amazonaws.com')],
          conditions: { ArnEquals: { 'aws:SourceArn': 'arn:aws:events:eu-west-1:1:rule/other/theirs' } },
        }),
      'admits arn:aws:events:eu-west-1:1:rule/other/theirs, which is not a rule of this bus that delivers to the queue',
    ],
    ...['*', 'airline-*', 'airline-receipts*', 'airline-receipts-pay*', 'airline-seats-*'].map(
      (pattern): [string, (stack: ReceiptsStack) => PolicyStatement, string] => [
        `all rules like ${pattern}`,
        (stack) =>
          new PolicyStatement({
            principals: [new ServicePrincipal('events.amazonaws.com')],
            conditions: {
              ArnLike: {
                'aws:SourceArn': stack.formatArn({
                  service: 'events',
                  resource: 'rule',
                  resourceName: `${stack.bus.eventBusName}/${pattern}`,
                }),
              },
            },
          }),
        `/${pattern}, which is not a rule of this bus that delivers to the queue`,
      ],
    ),
  ])('of a queue that admits %s is reported', (_, statement, problem) => {
    const message = onlyMessage((stack) => {
      const open = statement(stack);
      open.addActions('sqs:SendMessage');
      open.addResources(stack.consumer.queue.queueArn);
      stack.consumer.queue.addToResourcePolicy(open);
    });
    expect(message).toContain(problem);
    expect(message).toContain('Finding: open-queue sqs:SendMessage');
  });

  test('of a queue that admits the rules of its own service, which deliver elsewhere, is reported', () => {
    const message = onlyMessage((stack) => {
      const { deadLetters, queue } = stack.consumer;
      const [, admitted] = (
        stack.resolve(raw<CfnQueuePolicy>(queue.node.findChild('Policy')).policyDocument) as {
          Statement: { Condition: { ArnLike: Record<string, string> } }[];
        }
      ).Statement;
      deadLetters.addToResourcePolicy(
        new PolicyStatement({
          principals: [new ServicePrincipal('events.amazonaws.com')],
          actions: ['sqs:SendMessage'],
          resources: [deadLetters.queueArn],
          conditions: { ArnLike: admitted!.Condition.ArnLike },
        }),
      );
    });
    expect(message).toContain('/airline-receipts-*, which is not a rule of this bus that delivers to the queue');
  });

  test('of a bus that admits another account is reported', () => {
    const message = onlyMessage(
      (stack) =>
        void new CfnEventBusPolicy(stack, 'Partner', {
          statementId: 'partner',
          statement: { Effect: 'Allow', Principal: { AWS: '111122223333' }, Action: 'events:PutEvents', Resource: '*' },
        }),
    );
    expect(message).toContain('the bus admits {"AWS":"111122223333"}');
  });

  test('a route without an authorizer is reported, unless it gives a reason to be public', () => {
    const route = (publicReason?: string) => (stack: ReceiptsStack) => {
      const routes = ['GET /receipts'];
      const api = new ApiFunction(stack, 'Api', {
        service: 'receipts',
        entry,
        api: platformApi(stack),
        routes,
        ...(publicReason && { publicReason }),
      });
      if (!publicReason) {
        const resource = api.node
          .findAll()
          .find(({ node }) => node.path.endsWith('GET-receipts/Resource')) as unknown as Record<string, unknown>;
        Object.assign(resource, { authorizerId: undefined, authorizationType: 'NONE' });
      }
    };
    expect(findingsWhen(route('Receipts are on the notice board for all to see.'))).toEqual([]);
    expect(findingsWhen(route()).map(({ id }) => id)).toContain('public-route GET /receipts');
  });
});

describe('deletion', () => {
  test.each<[string, string, (stack: ReceiptsStack) => void]>([
    [
      'a table that can be deleted',
      'deletable of Table',
      (stack) => (raw<CfnTable>(stack.table).deletionProtectionEnabled = false),
    ],
    [
      'a table without point-in-time recovery',
      'AwsSolutions-DDB3 of Table',
      (stack) => (raw<CfnTable>(stack.table).pointInTimeRecoverySpecification = undefined),
    ],
    [
      'a table that leaves with its stack',
      'not-retained of Table',
      (stack) => (raw<CfnTable>(stack.table).cfnOptions.deletionPolicy = CfnDeletionPolicy.DELETE),
    ],
    [
      'a queue that a replacement deletes',
      'not-retained of Consu',
      (stack) => (raw<CfnQueue>(stack.consumer.queue).cfnOptions.updateReplacePolicy = CfnDeletionPolicy.DELETE),
    ],
    [
      'a key that leaves with its stack',
      'not-retained of Extra',
      (stack) => new RotatedKey(stack, 'Extra', 'Encrypts what must be kept').applyRemovalPolicy(RemovalPolicy.DESTROY),
    ],
    [
      'an archive that leaves with its stack',
      'not-retained of Archi',
      (stack) =>
        new CfnArchive(stack, 'Archive', { sourceArn: stack.bus.eventBusArn, kmsKeyIdentifier: 'alias/archive' }),
    ],
    [
      'the bus of a stack that can be removed',
      'removable-stack of Other',
      (stack) => new EventBus(stack, 'Other', { eventBusName: 'other' }),
    ],
  ])('%s is reported', (_, expected, change) => {
    const found = findingsWhen((stack) => void change(stack));
    expect(found.map(({ id, logicalId }) => `${id} of ${logicalId.slice(0, 5)}`)).toEqual([expected]);
    expect(formatFinding(found[0]!)).toContain(`stack airline-receipts: ${found[0]!.logicalId} (`);
  });

  test('the platform stack protects itself, its archive and its keys', () => {
    const stack = new PlatformStack(new App({ context: { login: 'off' } }), 'airline-platform');
    expect(stack.terminationProtection).toBe(true);
    const template = Template.fromStack(stack);
    for (const type of ['AWS::Events::Archive', 'AWS::KMS::Key'])
      template.allResources(type, { DeletionPolicy: 'RetainExceptOnCreate', UpdateReplacePolicy: 'Retain' });
  });
});

describe('an alarm', () => {
  const lostEvents = (stack: ReceiptsStack): CfnAlarm =>
    raw<CfnAlarm>(stack.node.findChild('Operations').node.findChild('LostEvents'));

  test.each<[string, (alarm: CfnAlarm) => void, string]>([
    [
      'EventBridge, and looks at one period,',
      (alarm) => Object.assign(alarm, { evaluationPeriods: 1, datapointsToAlarm: undefined }),
      "it needs 1 data points of 1 periods, and EventBridge's data points come late",
    ],
    [
      'EventBridge, and needs all its periods,',
      (alarm) => Object.assign(alarm, { evaluationPeriods: 15, datapointsToAlarm: undefined }),
      'it needs 15 data points of 15 periods',
    ],
    [
      'a sum with FILL, and has one period to spare,',
      (alarm) =>
        Object.assign(alarm, {
          metricName: undefined,
          namespace: undefined,
          statistic: undefined,
          dimensions: undefined,
          period: undefined,
          metrics: [{ id: 'sum', expression: 'FILL(a, 0) + FILL(b, 0)' }],
          evaluationPeriods: 4,
          datapointsToAlarm: 3,
        }),
      'it needs 3 data points of 4 periods, and FILL replaces what is late',
    ],
  ])('on %s is reported, with the alarm and the remedy', (_, change, problem) => {
    const message = onlyMessage((stack) => change(lostEvents(stack)));
    expect(message).toMatch(
      /^stack airline-receipts: OperationsLostEvents\w+ \(airline-receipts\/Operations\/LostEvents/,
    );
    expect(message).toContain(problem);
    expect(message).toMatch(/To do: raise evaluationPeriods to \d+ or more/);
  });
});

test('an API function can have reserved concurrency', () => {
  const stack = new ReceiptsStack(new App({ context: { apiConcurrency: '200' } }));
  new ApiFunction(stack, 'Api', { service: 'receipts', entry, api: platformApi(stack), routes: ['GET /receipts'] });
  Template.fromStack(stack).hasResourceProperties('AWS::Lambda::Function', {
    ReservedConcurrentExecutions: 200,
    Timeout: 29,
  });
});

describe('changes of the API', () => {
  const addRoutes = (stack: ReceiptsStack): ApiFunction =>
    new ApiFunction(stack, 'Api', {
      service: 'receipts',
      entry,
      api: platformApi(stack),
      routes: ['GET /receipts', 'GET /receipts/{id}', 'PUT /receipts'],
    });

  test('are made one after another', () => {
    expect(findingsWhen((stack) => void addRoutes(stack))).toEqual([]);
  });

  test('at the same time are reported, with both resources', () => {
    const message = onlyMessage((stack) => {
      const routes = addRoutes(stack)
        .node.findAll()
        .filter((each) => each instanceof CfnRoute);
      routes[2]!.removeResourceDependency(routes[1]!);
    });
    expect(message).toMatch(
      /^stack airline-receipts: ApiPUTreceipts\w+ \(airline-receipts\/Api\/PUT-receipts\/Resource\)/,
    );
    expect(message).toMatch(/may change it at the same time as ApiGETreceiptsid\w+: .* ConflictException/);
  });

  test('that a stack makes beside its function are reported', () => {
    const ids = findingsWhen((stack) => {
      addRoutes(stack);
      new CfnIntegration(stack, 'Beside', { apiId: 'api', integrationType: 'HTTP_PROXY' });
    }).map(({ id }) => id);
    expect(ids).toEqual([expect.stringMatching(/^concurrent-api-change ApiPUTreceipts/)]);
  });

  test('on the platform are made one after another, also with an authorizer', () => {
    const app = new App({ context: { jwtIssuer: 'https://login.example/', jwtAudience: 'airline' } });
    const stack = new PlatformStack(app, 'airline-platform');
    const { template } = app.synth().getStackByName(stack.stackName) as unknown as StackTemplate;
    const found = findUnresolved(app, [{ stackPath: stack.node.path, template }]);
    expect(found.filter(({ id }) => id.startsWith('concurrent-api-change'))).toEqual([]);
  });
});

test('a stage without throttling is reported', () => {
  const ids = findingsWhen((stack) => void new HttpApi(stack, 'Api')).map(({ id }) => id);
  expect(ids).toEqual(['unthrottled', 'AwsSolutions-APIG1']);
});

test('missing encryption at rest, missing TLS and missing log retention are reported', () => {
  const ids = findingsWhen((stack) => {
    new Queue(stack, 'Plain', { encryption: QueueEncryption.UNENCRYPTED, retentionPeriod: Duration.days(1) });
    raw<CfnTable>(stack.table).sseSpecification = undefined;
    raw<CfnLogGroup>(stack.function.logGroup).retentionInDays = undefined;
  }).map(({ id, logicalId }) => `${id} of ${logicalId.slice(0, 5)}`);
  expect(ids).toEqual(
    expect.arrayContaining([
      'plain-http of Plain',
      'unencrypted of Plain',
      'unencrypted of Table',
      'kept-for-ever of Consu',
      'AwsSolutions-SQS4 of Plain',
    ]),
  );
});

import { App, Duration, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { HttpApi } from 'aws-cdk-lib/aws-apigatewayv2';
import { type CfnTable, Table } from 'aws-cdk-lib/aws-dynamodb';
import { CfnEventBusPolicy, Rule } from 'aws-cdk-lib/aws-events';
import { SqsQueue } from 'aws-cdk-lib/aws-events-targets';
import {
  AccountPrincipal,
  AnyPrincipal,
  type CfnPolicy,
  ManagedPolicy,
  PolicyStatement,
  Role,
  ServicePrincipal,
} from 'aws-cdk-lib/aws-iam';
import type { CfnFunction } from 'aws-cdk-lib/aws-lambda';
import type { CfnLogGroup } from 'aws-cdk-lib/aws-logs';
import { type CfnQueue, Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import { describe, expect, test } from '@jest/globals';
import path from 'node:path';
import { ApiFunction } from '../src/api-function.ts';
import { EventConsumer } from '../src/event-consumer.ts';
import { platformApi, platformBus } from '../src/platform.ts';
import { type Finding, inWords } from '../src/policies/finding.ts';
import { allowBecause, justify } from '../src/policies/justify.ts';
import { findUnexplained, type StackTemplate } from '../src/policies/policy-plugin.ts';
import { ServiceTable } from '../src/service-table.ts';

// cdk-nag still reads a property that the CDK calls deprecated.
process.env.JSII_DEPRECATED = 'quiet';

const entry = path.join(__dirname, 'fixtures', 'consumer.ts');

/** A stack as each service has one, of the constructs that each is made of. */
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

/** What the checks say of that stack once it is changed. */
function findingsWhen(change: (stack: ReceiptsStack) => void): Finding[] {
  const app = new App();
  const stack = new ReceiptsStack(app);
  change(stack);
  const { template } = app.synth().getStackByName(stack.stackName) as unknown as StackTemplate;
  return findUnexplained(app, [{ stackPath: stack.node.path, template }]);
}

/** The one finding, in words. */
function said(change: (stack: ReceiptsStack) => void): string {
  const found = findingsWhen(change).map(inWords);
  expect(found).toHaveLength(1);
  return found[0]!;
}

/** Changes what stands in the template, past the constructs. */
const raw = <T>(construct: { node: { defaultChild?: unknown } }): T => construct.node.defaultChild as T;

test('a stack made of the constructs has nothing to explain', () => {
  expect(findingsWhen(() => undefined)).toEqual([]);
}, 60_000);

describe('a role', () => {
  test('that is given the table of another service is named, with the table and what to do', () => {
    const message = said((stack) =>
      Table.fromTableName(stack, 'Seats', 'airline-seats').grant(stack.function, 'dynamodb:GetItem'),
    );
    expect(message).toMatch(
      /^stack airline-receipts: ConsumerFunctionRoleDefaultPolicy\w+ \(airline-receipts\/Consumer\/FunctionRole\//,
    );
    expect(message).toContain(
      'may dynamodb:GetItem on arn:${AWS::Partition}:dynamodb:${AWS::Region}:${AWS::AccountId}:table/airline-seats',
    );
    expect(message).toContain('what others know is heard as events');
  });

  test.each<[string, string, PolicyStatement]>([
    [
      'any source',
      'put-events any-source',
      new PolicyStatement({ conditions: { StringEquals: { 'events:detail-type': 'ReceiptIssued' } } }),
    ],
    [
      'any detail-type',
      'put-events any-detail-type',
      new PolicyStatement({ conditions: { StringEquals: { 'events:source': 'airline.receipts' } } }),
    ],
    [
      'the name of another service',
      'put-events foreign-source',
      new PolicyStatement({
        conditions: { StringEquals: { 'events:source': 'airline.seats', 'events:detail-type': 'ReceiptIssued' } },
      }),
    ],
    [
      'a detail-type of another service',
      'put-events foreign-detail-type',
      new PolicyStatement({
        conditions: { StringEquals: { 'events:source': 'airline.receipts', 'events:detail-type': 'SeatBooked' } },
      }),
    ],
  ])('that may put events of %s', (_, finding, statement) => {
    const message = said((stack) => {
      statement.addActions('events:PutEvents');
      statement.addResources(stack.bus.eventBusArn);
      stack.function.addToRolePolicy(statement);
    });
    expect(message).toContain(`Finding: ${finding}`);
    expect(message).toContain('grantPutEvents()');
  });

  test('that may put events on another bus', () => {
    const condition = { 'events:source': 'airline.receipts', 'events:detail-type': 'ReceiptIssued' };
    const message = said((stack) =>
      stack.function.addToRolePolicy(
        new PolicyStatement({
          actions: ['events:PutEvents'],
          resources: [stack.formatArn({ service: 'events', resource: 'event-bus', resourceName: 'default' })],
          conditions: { StringEquals: condition },
        }),
      ),
    );
    expect(message).toContain("event-bus/default, which is not the airline's bus");
  });

  test('with wildcards: the project and cdk-nag both object', () => {
    const ids = findingsWhen((stack) =>
      stack.function.addToRolePolicy(new PolicyStatement({ actions: ['s3:Get*'], resources: ['*'] })),
    ).map(({ id }) => id);
    expect(ids).toEqual([
      'wildcard-action s3:Get*',
      'foreign s3:Get* *',
      // What cdk-nag finds in the resource alone is explained on every role, by X-Ray; the project's own finding names the action.
      'AwsSolutions-IAM5[Action::s3:Get*]',
    ]);
  });

  test('that may read every index of its own table', () => {
    const message = said((stack) => {
      const everyIndex = `${stack.table.tableArn}/index/*`;
      stack.function.addToRolePolicy(new PolicyStatement({ actions: ['dynamodb:Query'], resources: [everyIndex] }));
      justify(
        stack.function.role!,
        'AwsSolutions-IAM5[Resource::<TableCD117FA1.Arn>/index/*]',
        'Said here to cdk-nag alone.',
      );
    });
    expect(message).toContain('a role may dynamodb:Query on ${TableCD117FA1.Arn}/index/*');
    expect(message).toContain('name the index');
  });

  test('with a managed policy, everything but something, or a trust in people', () => {
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

  test('that is chosen where nobody can read it, by a condition or in another stack', () => {
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

  test('may do elsewhere what is explained beside it', () => {
    const statement = { actions: ['ssm:GetParameter'], resources: ['arn:aws:ssm:eu-west-1:1:parameter/x'] };
    expect(
      findingsWhen((stack) =>
        allowBecause(stack.function, statement, 'An operator keeps the key of the printer there.'),
      ),
    ).toEqual([]);
  });
});

describe('a justification', () => {
  test('that explains nothing any more fails', () => {
    const message = said((stack) =>
      justify(stack.table, 'wildcard-action dynamodb:*', 'It was needed for a while, long ago.'),
    );
    expect(message).toContain('a justification of wildcard-action dynamodb:*, which is not found there');
  });

  test('of a resource elsewhere in the stack does not count', () => {
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

  test('without words fails', () => {
    const message = said((stack) => {
      raw<CfnTable>(stack.table).sseSpecification = undefined;
      justify(stack.table, 'unencrypted', 'not needed');
    });
    expect(message).toContain('the justification of unencrypted is "not needed"');
  });
});

describe('delivery', () => {
  test('a queue without a dead-letter queue is named', () => {
    const found = findingsWhen((stack) => {
      raw<CfnQueue>(stack.consumer.queue).redrivePolicy = undefined;
    });
    const message = inWords(found.find(({ id }) => id === 'queue-without-dead-letters')!);
    expect(message).toMatch(
      /^stack airline-receipts: ConsumerQueue\w+ \(airline-receipts\/Consumer\/Queue\/Resource\): a function reads this queue/,
    );
    expect(message).toContain('give it a deadLetterQueue with maxReceiveCount');
  });

  test('a function that may run longer than a sixth of the visibility timeout is named, with both ways out', () => {
    const message = said((stack) => {
      raw<CfnFunction>(stack.function).timeout = 15;
    });
    expect(message).toMatch(/^stack airline-receipts: ConsumerQueue\w+ /);
    expect(message).toMatch(
      /visibility timeout of 60 s is less than six times the 15 s that \$\{ConsumerFunction\w+\} may run/,
    );
    expect(message).toContain("raise the visibility timeout to 90 s, or lower the function's timeout to 10 s");
  });

  test('a target without a dead-letter queue, and dead letters that are forgotten first', () => {
    const ids = findingsWhen((stack) => {
      raw<CfnQueue>(stack.consumer.deadLetters).messageRetentionPeriod = 3600;
      new Rule(stack, 'Extra', {
        eventBus: stack.bus,
        eventPattern: { source: ['airline.seats'] },
        targets: [new SqsQueue(stack.consumer.queue)],
      });
    }).map(({ id }) => id);
    expect(ids).toEqual(['short-retention', 'target-without-dead-letters Target0']);
  });
});

describe('what resources let in', () => {
  test.each<[string, (stack: ReceiptsStack) => PolicyStatement, string]>([
    [
      'every rule',
      () => new PolicyStatement({ principals: [new ServicePrincipal('events.amazonaws.com')] }),
      'admits every rule of every account',
    ],
    ['everyone', () => new PolicyStatement({ principals: [new AnyPrincipal()] }), 'admits {"AWS":"*"}'],
    [
      'a rule of somebody else',
      () =>
        new PolicyStatement({
          principals: [new ServicePrincipal('events.amazonaws.com')],
          conditions: { ArnEquals: { 'aws:SourceArn': 'arn:aws:events:eu-west-1:1:rule/other/theirs' } },
        }),
      'admits arn:aws:events:eu-west-1:1:rule/other/theirs, which is no rule of this bus that delivers there',
    ],
  ])('a queue that admits %s', (_, statement, problem) => {
    const message = said((stack) => {
      const open = statement(stack);
      open.addActions('sqs:SendMessage');
      open.addResources(stack.consumer.queue.queueArn);
      stack.consumer.queue.addToResourcePolicy(open);
    });
    expect(message).toContain(problem);
    expect(message).toContain('Finding: open-queue sqs:SendMessage');
  });

  test('a bus that admits another account', () => {
    const message = said(
      (stack) =>
        void new CfnEventBusPolicy(stack, 'Partner', {
          statementId: 'partner',
          statement: { Effect: 'Allow', Principal: { AWS: '111122223333' }, Action: 'events:PutEvents', Resource: '*' },
        }),
    );
    expect(message).toContain('the bus admits {"AWS":"111122223333"}');
  });

  test('a route that asks nobody and says no reason, and one that does', () => {
    const route = (publicBecause?: string) => (stack: ReceiptsStack) => {
      const routes = ['GET /receipts'];
      const api = new ApiFunction(stack, 'Api', {
        service: 'receipts',
        entry,
        api: platformApi(stack),
        routes,
        ...(publicBecause && { publicBecause }),
      });
      if (!publicBecause) {
        const made = api.node
          .findAll()
          .find(({ node }) => node.path.endsWith('GET-receipts/Resource')) as unknown as Record<string, unknown>;
        Object.assign(made, { authorizerId: undefined, authorizationType: 'NONE' });
      }
    };
    expect(findingsWhen(route('Receipts are on the notice board for all to see.'))).toEqual([]);
    expect(findingsWhen(route()).map(({ id }) => id)).toContain('public-route GET /receipts');
  });
});

test('an API function may be given a number of invocations of its own', () => {
  const stack = new ReceiptsStack(new App({ context: { apiConcurrency: '200' } }));
  new ApiFunction(stack, 'Api', { service: 'receipts', entry, api: platformApi(stack), routes: ['GET /receipts'] });
  Template.fromStack(stack).hasResourceProperties('AWS::Lambda::Function', {
    ReservedConcurrentExecutions: 200,
    Timeout: 29,
  });
});

test('a stage without limits is named', () => {
  const ids = findingsWhen((stack) => void new HttpApi(stack, 'Api')).map(({ id }) => id);
  expect(ids).toEqual(['unthrottled', 'AwsSolutions-APIG1']);
});

test('what is kept in the clear, sent in the clear or kept for ever is named', () => {
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

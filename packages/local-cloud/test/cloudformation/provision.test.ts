import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { join } from 'node:path';
import type { Stack, Template } from '../../src/cloudformation/cloud-assembly.ts';
import { createDynamoDb } from '../../src/dynamodb/dynamodb.ts';
import { EventBridge } from '../../src/event-bridge/event-bridge.ts';
import { FunctionPool } from '../../src/lambda/function-pool.ts';
import { LogGroups } from '../../src/logs/log-groups.ts';
import { HttpApi } from '../../src/http-api/http-api.ts';
import { Parameters } from '../../src/ssm/parameters.ts';
import { provisionStacks } from '../../src/cloudformation/provision.ts';
import type { Queues } from '../../src/sqs/queues.ts';
import type { Machine } from '../../src/cloudformation/resources/resource-kind.ts';

let machine: Machine;
let created: { name: string; attributes: Record<string, string> }[];

beforeEach(() => {
  created = [];
  // fauxqs is an ES module, which jest cannot load here. local-cloud.test.ts runs the real queues in another process.
  const queues = {
    create: async (name: string, attributes: Record<string, string>) => {
      created.push({ name, attributes });
      return {
        name,
        url: `http://localhost:4566/000000000000/${name}`,
        arn: `arn:aws:sqs:us-east-1:000000000000:${name}`,
      };
    },
    request: async (action: string) =>
      action === 'GetQueueUrl' ? { QueueUrl: 'http://localhost/queue' } : { Attributes: { VisibilityTimeout: '30' } },
  } as unknown as Queues;
  const functions = new FunctionPool({ environment: {}, log: () => undefined });
  machine = {
    queues,
    functions,
    parameters: new Parameters(),
    logs: new LogGroups(),
    eventBridge: new EventBridge({
      accountId: '000000000000',
      region: 'us-east-1',
      deliver: async () => undefined,
      log: () => undefined,
    }),
    createTable: createDynamoDb().createTable,
    httpApi: new HttpApi({ functions, endpoint: () => 'http://localhost:8080' }),
    eventSources: [],
    schedules: [],
  };
});

afterEach(async () => {
  await machine.functions.close();
  await machine.eventBridge.close();
});

const assets = new Map([
  ['code.zip', { path: join(__dirname, '..', 'fixtures', 'notes-assembly', 'asset.notes'), packaging: 'zip' }],
]);

async function provision(Resources: Template['Resources'], rest: Partial<Template> = {}): Promise<void> {
  const stack: Stack = { name: 'seats', template: { ...rest, Resources }, assets };
  await provisionStacks([stack], machine);
}

/** An SSM parameter with the value of an expression, so that a test can read it. */
const showing = (Value: unknown) => ({
  Type: 'AWS::SSM::Parameter',
  Properties: { Name: '/shown', Type: 'String', Value },
});
const shown = () => machine.parameters.get('/shown');

const lambda = {
  Type: 'AWS::Lambda::Function',
  Properties: {
    Code: { S3Bucket: 'assets', S3Key: 'code.zip' },
    Handler: 'index.handler',
    Runtime: 'nodejs24.x',
    Role: 'role',
  },
};
const mapping = {
  Type: 'AWS::Lambda::EventSourceMapping',
  Properties: { EventSourceArn: { 'Fn::GetAtt': ['Queue', 'Arn'] }, FunctionName: { Ref: 'Function' } },
};
const queue = { Type: 'AWS::SQS::Queue' };

describe('resources', () => {
  test('are created after the resources that they refer to and depend on', async () => {
    await provision({
      A: {
        Type: 'AWS::SQS::Queue',
        Properties: {
          QueueName: 'a',
          RedrivePolicy: { deadLetterTargetArn: { 'Fn::GetAtt': ['B', 'Arn'] }, maxReceiveCount: 5 },
        },
      },
      B: { Type: 'AWS::SQS::Queue', Properties: { QueueName: 'b' }, DependsOn: 'C' },
      C: { Type: 'AWS::SQS::Queue', Properties: { QueueName: 'c' } },
    });
    expect(created.map(({ name }) => name)).toEqual(['c', 'b', 'a']);
    expect(JSON.parse(created[2]!.attributes.RedrivePolicy!)).toEqual({
      deadLetterTargetArn: 'arn:aws:sqs:us-east-1:000000000000:b',
      maxReceiveCount: 5,
    });
  });

  test('that depend on each other are an error that names them', async () => {
    const circle = provision({ A: { ...queue, DependsOn: ['B'] }, B: { ...queue, DependsOn: 'A' } });
    await expect(circle).rejects.toThrow('stack seats: resources depend on each other: A → B → A');
  });

  test('whose condition is false are not created', async () => {
    const Conditions = { Elsewhere: { 'Fn::Equals': [{ Ref: 'AWS::Region' }, 'eu-west-1'] } };
    await provision({ Queue: { ...queue, Condition: 'Elsewhere' } }, { Conditions });
    expect(created).toEqual([]);
  });

  test('without a name get a stable one within the length limit of AWS', async () => {
    const LongQueue = `Queue${'x'.repeat(100)}`;
    await provision({ [LongQueue]: queue, Show: showing({ Ref: LongQueue }) });
    const [first] = created;
    expect(first!.name).toMatch(/^seats-Queuex+-[a-z0-9]{8}$/);
    expect(first!.name).toHaveLength(80);
    expect(shown()).toBe(`http://localhost:4566/000000000000/${first!.name}`);
  });

  test('without effect have names and ARNs', async () => {
    await provision({ Role: { Type: 'AWS::IAM::Role' }, Show: showing({ 'Fn::GetAtt': ['Role', 'Arn'] }) });
    expect(shown()).toMatch(/^arn:aws:iam::000000000000:role\/seats-Role-/);
  });

  test('can use the values of parameters', async () => {
    machine.parameters.put('/airline/bus', 'airline');
    const Parameters = {
      Bus: { Type: 'AWS::SSM::Parameter::Value<String>', Default: '/airline/bus' },
      BootstrapVersion: { Type: 'AWS::SSM::Parameter::Value<String>', Default: '/cdk-bootstrap/hnb659fds/version' },
      Number: { Type: 'Number', Default: 7 },
    };
    await provision({ Show: showing({ 'Fn::Sub': '${Bus}-${Number}' }) }, { Parameters });
    expect(shown()).toBe('airline-7');
  });
});

describe('a function and its event source', () => {
  test('have the properties in the template', async () => {
    await provision({
      Queue: queue,
      Function: {
        ...lambda,
        Properties: {
          ...lambda.Properties,
          Timeout: '5',
          MemorySize: 256,
          ReservedConcurrentExecutions: 3,
          Environment: { Variables: { LIMIT: 9 } },
        },
      },
      Mapping: {
        ...mapping,
        Properties: {
          ...mapping.Properties,
          BatchSize: 5,
          ScalingConfig: { MaximumConcurrency: 4 },
          FunctionResponseTypes: ['ReportBatchItemFailures'],
        },
      },
    });
    const [source] = machine.eventSources;
    expect(source).toMatchObject({
      batchSize: 5,
      batchingWindowSeconds: 0,
      maximumConcurrency: 4,
      reportsBatchItemFailures: true,
    });
    expect(machine.functions.definition(source!.functionName)).toMatchObject({
      timeoutSeconds: 5,
      memoryMegabytes: 256,
      reservedConcurrency: 3,
      environment: { LIMIT: '9' },
      handlerName: 'handler',
    });
  });

  test('a mapping that is not enabled is not started', async () => {
    await provision({
      Queue: queue,
      Function: lambda,
      Mapping: { ...mapping, Properties: { ...mapping.Properties, Enabled: false } },
    });
    expect(machine.eventSources).toMatchObject([{ enabled: false }]);
  });
});

describe('an error with the place and the name:', () => {
  test.each<[string, Template['Resources'], string]>([
    [
      'an unknown type',
      { Stream: { Type: 'AWS::Kinesis::Stream' } },
      'stack seats: resource Stream has type AWS::Kinesis::Stream, which the local cloud does not run; ',
    ],
    [
      'an unknown property',
      { Queue: { ...queue, Properties: { FifoQueue: true } } },
      'stack seats: resource Queue: the local cloud does not support the property FifoQueue',
    ],
    [
      'an unknown property of a target',
      {
        Rule: {
          Type: 'AWS::Events::Rule',
          Properties: {
            EventPattern: { source: ['a'] },
            Targets: [{ Id: 'T', Arn: 'arn:aws:sqs:us-east-1:000000000000:q', InputPath: '$' }],
          },
        },
      },
      'stack seats: resource Rule: Targets[0]: the local cloud does not support the property InputPath',
    ],
    [
      'a schedule',
      { Rule: { Type: 'AWS::Events::Rule', Properties: { ScheduleExpression: 'cron(0 8 * * ? *)' } } },
      'stack seats: resource Rule: the local cloud runs schedules such as rate(5 minutes), not cron(0 8 * * ? *)',
    ],
    [
      'a pattern that EventBridge would reject',
      { Rule: { Type: 'AWS::Events::Rule', Properties: { EventPattern: { source: 'a' } } } },
      'stack seats: resource Rule: ',
    ],
    [
      'a rule on a bus that does not exist',
      { Rule: { Type: 'AWS::Events::Rule', Properties: { EventBusName: 'nowhere', EventPattern: { source: ['a'] } } } },
      'nowhere',
    ],
    [
      'an unknown intrinsic function',
      { Queue: { ...queue, Properties: { QueueName: { 'Fn::ToJsonString': {} } } } },
      'stack seats: resource Queue: QueueName: the local cloud does not support the function Fn::ToJsonString',
    ],
    [
      'an invalid number',
      { Queue: { ...queue, Properties: { VisibilityTimeout: 'soon' } } },
      'stack seats: resource Queue: VisibilityTimeout must be a number, not "soon"',
    ],
    [
      'another runtime',
      { Function: { ...lambda, Properties: { ...lambda.Properties, Runtime: 'python3.13' } } },
      'stack seats: resource Function: the local cloud runs functions for Node.js only, not for python3.13',
    ],
    [
      'layers',
      { Function: { ...lambda, Properties: { ...lambda.Properties, Layers: ['arn'] } } },
      'stack seats: resource Function: the local cloud does not support the property Layers',
    ],
    [
      'a missing asset',
      { Function: { ...lambda, Properties: { ...lambda.Properties, Code: { S3Key: 'other.zip' } } } },
      'stack seats: resource Function: Code: the cloud assembly has no file asset other.zip',
    ],
    [
      'a missing handler',
      { Function: { ...lambda, Properties: { ...lambda.Properties, Handler: 'main.handler' } } },
      'stack seats: resource Function: there is no file for the handler main.handler',
    ],
    [
      'an event filter',
      {
        Queue: queue,
        Function: lambda,
        Mapping: { ...mapping, Properties: { ...mapping.Properties, FilterCriteria: {} } },
      },
      'stack seats: resource Mapping: the local cloud does not support the property FilterCriteria',
    ],
    [
      'a visibility timeout below the function’s timeout',
      { Queue: queue, Function: { ...lambda, Properties: { ...lambda.Properties, Timeout: 60 } }, Mapping: mapping },
      "stack seats: resource Mapping: the queue's visibility timeout (30 s) is less than the function's timeout (60 s)",
    ],
    [
      'a table that DynamoDB would reject',
      {
        Table: {
          Type: 'AWS::DynamoDB::Table',
          Properties: { BillingMode: 'PAY_PER_REQUEST', AttributeDefinitions: [], KeySchema: [] },
        },
      },
      'stack seats: resource Table: ',
    ],
    [
      'a table with a stream',
      { Table: { Type: 'AWS::DynamoDB::Table', Properties: { StreamSpecification: {} } } },
      'stack seats: resource Table: the local cloud does not support the property StreamSpecification',
    ],
    [
      'a WebSocket API',
      { Api: { Type: 'AWS::ApiGatewayV2::Api', Properties: { Name: 'x', ProtocolType: 'WEBSOCKET' } } },
      'stack seats: resource Api: the local cloud runs HTTP APIs only',
    ],
    [
      'an authorizer that is a function',
      {
        Api: { Type: 'AWS::ApiGatewayV2::Api', Properties: { Name: 'x', ProtocolType: 'HTTP' } },
        Authorizer: {
          Type: 'AWS::ApiGatewayV2::Authorizer',
          Properties: {
            ApiId: { Ref: 'Api' },
            AuthorizerType: 'REQUEST',
            IdentitySource: ['$request.header.Authorization'],
          },
        },
      },
      'stack seats: resource Authorizer: the local cloud runs authorizers of type JWT only',
    ],
    [
      'a stage with a rate and without a burst',
      {
        Api: { Type: 'AWS::ApiGatewayV2::Api', Properties: { Name: 'x', ProtocolType: 'HTTP' } },
        Stage: {
          Type: 'AWS::ApiGatewayV2::Stage',
          Properties: {
            ApiId: { Ref: 'Api' },
            StageName: '$default',
            AutoDeploy: true,
            DefaultRouteSettings: { ThrottlingRateLimit: 5 },
          },
        },
      },
      'ThrottlingRateLimit and ThrottlingBurstLimit must be given together',
    ],
    [
      'a second HTTP API',
      {
        A: { Type: 'AWS::ApiGatewayV2::Api', Properties: { Name: 'a', ProtocolType: 'HTTP' } },
        B: { Type: 'AWS::ApiGatewayV2::Api', Properties: { Name: 'b', ProtocolType: 'HTTP' } },
      },
      'stack seats: resource B: the local cloud serves one HTTP API, and it already has a',
    ],
  ])('%s', async (_, resources, message) => {
    await expect(provision(resources)).rejects.toThrow(
      expect.objectContaining({ name: 'LocalCloudError', message: expect.stringContaining(message) }),
    );
  });

  test('a parameter without a value', async () => {
    await expect(provision({}, { Parameters: { Colour: { Type: 'String' } } })).rejects.toThrow(
      'stack seats: parameter Colour: it has no default',
    );
  });
});

/**
 * The roles of operators have the permissions for the calls that the commands make, and no others. The calls are those
 * whose classes the commands import.
 */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { Stack } from '@airline/local-cloud/cloudformation/cloud-assembly';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { unsettledIndex } from '../../../../../packages/status/src/unsettled-index.ts';
import { operatorActions } from '../../../../cli/refusal.ts';
import { workspaceRoot } from '../../../../cli/workspace.ts';
import { hearersOfBookings } from '../../../../explain/read-evidence.ts';
import { loadSubscriptions } from '../../../../protocol/subscriptions.ts';
import { sharedTemplates } from '../../../support/shared-templates.ts';

interface Statement {
  Effect: string;
  Action: string | string[];
  Resource: unknown;
  Condition?: unknown;
}

const record = '/airline/operations';
const scripts = path.join(workspaceRoot, 'scripts');
const prefixes: Readonly<Record<string, string>> = {
  cloudformation: 'cloudformation',
  'cloudwatch-logs': 'logs',
  eventbridge: 'events',
  sqs: 'sqs',
  sts: 'sts',
  ssm: 'ssm',
};

/**
 * The call that needs no permission
 * (https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html).
 */
const free = 'sts:GetCallerIdentity';

/** What the document client calls by its own names. */
const documentCalls: Readonly<Record<string, string>> = {
  GetCommand: 'dynamodb:GetItem',
  QueryCommand: 'dynamodb:Query',
  paginateQuery: 'dynamodb:Query',
  paginateScan: 'dynamodb:Scan',
};

/** The actions of AWS that the commands of operators call, in the form of IAM. */
function calledActions(): string[] {
  const folders = ['dead-letters', 'explain', 'flow', 'operations', 'reconcile', 'replay', 'waiting'].map((folder) =>
    path.join(scripts, folder),
  );
  const files = folders.flatMap((folder) => readdirSync(folder).map((file) => path.join(folder, file)));
  const shared = ['target.ts', 'log-events.ts'].map((file) => path.join(scripts, 'airline', file));
  const actions = [...files, ...shared].flatMap((file) => {
    const code = readFileSync(file, 'utf8');
    const imports = [...code.matchAll(/import \{([^}]*)\} from '@aws-sdk\/client-([\w-]+)'/g)];
    const [, ofDocuments = ''] = /import \{([^}]*)\} from '@aws-sdk\/lib-dynamodb'/.exec(code) ?? [];
    return [
      ...imports.flatMap(([, names, client]) =>
        // One permission covers an operation of SQS and its batch.
        [...names!.matchAll(/\b(\w+?)(Batch)?Command\b/g)].map(([, operation]) => `${prefixes[client!]}:${operation}`),
      ),
      ...[...ofDocuments.matchAll(/\b([a-z]\w+|\w+Command)\b/g)].map(([, name]) => documentCalls[name!]!),
    ];
  });
  return [...new Set(actions)].filter((action) => action !== free).sort();
}

let stacks: Stack[];
let platform: Stack['template'];
beforeAll(async () => {
  stacks = await sharedTemplates();
  platform = stacks.find(({ name }) => name === 'airline-platform')!.template;
});

function statementsOf(role: string): Statement[] {
  const [roleId] = Object.entries(platform.Resources).find(([, { Properties }]) => Properties?.RoleName === role)!;
  return Object.values(platform.Resources)
    .filter(({ Type }) => Type === 'AWS::IAM::Policy')
    .map(({ Properties }) => Properties as { Roles: unknown; PolicyDocument: { Statement: Statement[] } })
    .filter(({ Roles }) => JSON.stringify(Roles) === JSON.stringify([{ Ref: roleId }]))
    .flatMap(({ PolicyDocument }) => PolicyDocument.Statement);
}

const actionsOf = (role: string): string[] => {
  const allowed = statementsOf(role).filter(({ Effect }) => Effect === 'Allow');
  return [...new Set(allowed.flatMap(({ Action }) => Action))].sort();
};

/** The last parts of the ARNs on which a role may call an action, e.g. `airline-seats`. */
function namesFor(role: string, action: string): string[] {
  const resources = statementsOf(role)
    .filter(({ Effect, Action }) => Effect === 'Allow' && [Action].flat().includes(action))
    .flatMap(({ Resource }) => Resource);
  return resources.map((each) => /:([^:"]+)"\]/.exec(JSON.stringify(each))![1]!).sort();
}

/** The physical names of the resources of a type in the stacks of all services. */
const namesOf = (type: string, property: string): string[] =>
  stacks
    .flatMap(({ template }) => Object.values(template.Resources))
    .flatMap(({ Type, Properties }) => (Type === type ? [Properties![property] as string] : []))
    .sort();

describe('the roles of operators', () => {
  test('an operator may call what the commands call, and nothing else', () => {
    expect(actionsOf('airline-operator')).toEqual(calledActions());
  });

  test('a reader may call the same without what changes something; to receive and to show again is to look', () => {
    const acting = Object.keys(operatorActions);
    expect(actionsOf('airline-reader')).toEqual(calledActions().filter((action) => !acting.includes(action)));
    const writing = actionsOf('airline-reader').filter(
      (action) => !/:(Get|Describe|List|Scan|Query|Filter)/.test(action),
    );
    expect(writing).toEqual(['sqs:ChangeMessageVisibility', 'sqs:ReceiveMessage']);
  });

  test('they reach every queue and every table that the commands read, by name', () => {
    const isDeadLetters = (name: string): boolean => /-(dead-letters|undelivered)$/.test(name);
    const queues = namesOf('AWS::SQS::Queue', 'QueueName');
    for (const role of ['airline-reader', 'airline-operator']) {
      expect(namesFor(role, 'sqs:ReceiveMessage')).toEqual(queues.filter(isDeadLetters));
      expect(namesFor(role, 'sqs:GetQueueAttributes')).toEqual(queues);
      // No command reads the desk's table, which holds no booking's outcome.
      const tables = namesOf('AWS::DynamoDB::Table', 'TableName').filter((name) => name !== 'airline-bookings');
      const tablesFor = (action: string): string[] => namesFor(role, action).map((name) => name.replace('table/', ''));
      expect(tablesFor('dynamodb:Scan')).toEqual(tables);
      expect(tablesFor('dynamodb:GetItem')).toEqual(tables);
      expect(tablesFor('dynamodb:Query')).toEqual([...tables, `airline-status/index/${unsettledIndex.name}`]);
    }
    expect(namesFor('airline-operator', 'sqs:SendMessage')).toEqual(queues.filter((name) => !isDeadLetters(name)));
    expect(namesFor('airline-operator', 'sqs:DeleteMessage')).toEqual(queues.filter(isDeadLetters));
  });

  test.each(['airline-reader', 'airline-operator'])(
    '%s trusts its account alone, and gets no secret but the key that reads charges',
    (role) => {
      const [properties] = Object.values(platform.Resources)
        .map(({ Properties }) => Properties!)
        .filter(({ RoleName }) => RoleName === role);
      const account = ['arn:', { Ref: 'AWS::Partition' }, ':iam::', { Ref: 'AWS::AccountId' }, ':root'];
      expect((properties!.AssumeRolePolicyDocument as { Statement: unknown }).Statement).toEqual([
        { Action: 'sts:AssumeRole', Effect: 'Allow', Principal: { AWS: { 'Fn::Join': ['', account] } } },
      ]);
      expect(namesFor(role, 'ssm:GetParameter')).toEqual(['parameter/airline/payments/stripe-read-key']);
      // GetParametersByPath is authorized by the path alone, so the other secrets are denied when they are decrypted.
      const [denied, ...more] = statementsOf(role).filter(({ Effect }) => Effect === 'Deny');
      expect(more).toEqual([]);
      expect(denied).toMatchObject({ Action: 'kms:Decrypt', Resource: '*' });
      expect(JSON.stringify(denied!.Condition)).toMatch(
        /^\{"Null":\{"kms:EncryptionContext:PARAMETER_ARN":"false"\},"StringNotEquals":.*stripe-read-key/,
      );
    },
  );
});

describe('the logs', () => {
  const groupsFor = (role: string, action: string): string[] => {
    const statements = statementsOf(role).filter(({ Action }) => [Action].flat().includes(action));
    return statements
      .flatMap(({ Resource }) => [Resource].flat())
      .map(logGroupOf)
      .sort();
  };

  test.each(['airline-reader', 'airline-operator'])(
    '%s reads the log of each consumer that hears of bookings and the record of operations, and no other log',
    async (role) => {
      const hearers = hearersOfBookings(await loadSubscriptions()).map((service) => `airline-${service}`);
      const groups = namesOf('AWS::Logs::LogGroup', 'LogGroupName');
      const logs = groups.filter((name) => hearers.some((hearer) => name === `/aws/lambda/${hearer}-consumer`));
      expect(logs).toHaveLength(hearers.length);
      expect(groupsFor(role, 'logs:FilterLogEvents')).toEqual([record, ...logs].sort());
    },
  );

  test('an operator may add to the record of operations and to no other log; no role may take from one', () => {
    expect(groupsFor('airline-operator', 'logs:PutLogEvents')).toEqual([record]);
    expect(groupsFor('airline-operator', 'logs:CreateLogStream')).toEqual([record]);
    for (const role of ['airline-reader', 'airline-operator', 'airline-smoke'])
      expect(
        actionsOf(role).filter((action) => /^logs:(?!FilterLogEvents|CreateLogStream|PutLogEvents)/.test(action)),
      ).toEqual([]);
  });

  test('the record is kept for two years, also without its stack', () => {
    const groups = Object.values(platform.Resources).filter(({ Properties }) => Properties?.LogGroupName === record);
    expect(groups).toMatchObject([{ Properties: { RetentionInDays: 731 }, DeletionPolicy: 'RetainExceptOnCreate' }]);
  });
});

/** The name of the log group that an ARN of a policy names: as text, or as the attribute of a resource. */
function logGroupOf(arn: unknown): string {
  const [, named] = /:log-group:(.+):\*"/.exec(JSON.stringify(arn)) ?? [];
  if (named !== undefined) return named;
  const [logicalId, attribute] = (arn as { 'Fn::GetAtt': [string, string] })['Fn::GetAtt'];
  expect(attribute).toBe('Arn');
  return platform.Resources[logicalId]!.Properties!.LogGroupName as string;
}

describe('the role of the smoke test', () => {
  test('may call what `pnpm smoke` calls, and nothing else', () => {
    expect(actionsOf('airline-smoke')).toEqual([
      'cloudformation:ListStackResources',
      'cloudwatch:DescribeAlarms',
      'dynamodb:Query',
      'events:ListRules',
      'events:ListTargetsByRule',
      'events:PutEvents',
      'sqs:ChangeMessageVisibility',
      'sqs:DeleteMessage',
      'sqs:GetQueueAttributes',
      'sqs:ReceiveMessage',
      'sqs:SendMessage',
      'ssm:GetParameter',
      'ssm:GetParametersByPath',
    ]);
    expect(namesFor('airline-smoke', 'ssm:GetParameter')).toEqual(['parameter/airline/payments/stripe-read-key']);
    expect(namesFor('airline-smoke', 'sqs:DeleteMessage')).toEqual(
      namesOf('AWS::SQS::Queue', 'QueueName').filter((name) => name.endsWith('-dead-letters')),
    );
    const published = statementsOf('airline-smoke')
      .filter(({ Action }) => Action === 'events:PutEvents')
      .map(({ Condition }) => (Condition as Record<string, object>)['ForAllValues:StringEquals']);
    expect(published).toEqual([
      { 'events:source': 'airline.flights', 'events:detail-type': ['FlightScheduled'] },
      { 'events:source': 'airline.bookings', 'events:detail-type': ['BookingRequested', 'BookingCancelled'] },
    ]);
  });
});

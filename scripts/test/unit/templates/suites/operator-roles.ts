/**
 * The roles of operators have the permissions for the calls that the commands make, and no others. The calls are those
 * whose classes the commands import.
 */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { Stack } from '@airline/local-cloud/cloudformation/cloud-assembly';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { operatorActions } from '../../../../cli/refusal.ts';
import { workspaceRoot } from '../../../../cli/workspace.ts';
import { sharedTemplates } from '../../../support/shared-templates.ts';

interface Statement {
  Effect: string;
  Action: string | string[];
  Resource: unknown;
  Condition?: unknown;
}

const scripts = path.join(workspaceRoot, 'scripts');
const prefixes: Readonly<Record<string, string>> = {
  cloudformation: 'cloudformation',
  'cloudwatch-logs': 'logs',
  eventbridge: 'events',
  sqs: 'sqs',
  ssm: 'ssm',
};

/** The actions of AWS that the commands of operators call, in the form of IAM. */
function calledActions(): string[] {
  const folders = ['dead-letters', 'explain', 'flow', 'reconcile', 'replay'].map((folder) =>
    path.join(scripts, folder),
  );
  const files = folders.flatMap((folder) => readdirSync(folder).map((file) => path.join(folder, file)));
  const actions = [...files, path.join(scripts, 'airline', 'target.ts')].flatMap((file) => {
    const code = readFileSync(file, 'utf8');
    const imports = [...code.matchAll(/import \{([^}]*)\} from '@aws-sdk\/client-([\w-]+)'/g)];
    return imports.flatMap(([, names, client]) =>
      // One permission covers an operation of SQS and its batch.
      [...names!.matchAll(/\b(\w+?)(Batch)?Command\b/g)].map(([, operation]) => `${prefixes[client!]}:${operation}`),
    );
  });
  // The document client has other names for these: GetCommand, QueryCommand, paginateScan.
  return [...new Set([...actions, 'dynamodb:GetItem', 'dynamodb:Query', 'dynamodb:Scan'])].sort();
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
      expect(namesFor(role, 'dynamodb:Scan').map((name) => name.replace('table/', ''))).toEqual(
        // `pnpm reconcile` does not read the desk's table, which holds no booking's outcome.
        namesOf('AWS::DynamoDB::Table', 'TableName').filter((name) => name !== 'airline-bookings'),
      );
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

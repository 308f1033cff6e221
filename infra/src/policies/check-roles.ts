import { catalogue } from '@airline/events-schemas/generated/catalogue';
import type { Finding } from './finding.ts';
import { allowStatements, listOf, type Statement, type SynthesizedStack, textOf } from './synthesized-stack.ts';

/** For each service prefix of an action, the type of resource of its own stack that a role may use. */
const ownedTypes: Record<string, string> = {
  dynamodb: 'AWS::DynamoDB::Table',
  sqs: 'AWS::SQS::Queue',
  logs: 'AWS::Logs::LogGroup',
};

/**
 * Checks the permissions of each role, who may assume it, and that each function has a role of its own in its stack.
 */
export function checkRoles(stack: SynthesizedStack): Finding[] {
  return [
    ...identityStatements(stack).flatMap(({ logicalId, statement }) => checkStatement(stack, logicalId, statement)),
    ...stack.resources('AWS::IAM::Role').flatMap(([logicalId, role]) => checkRole(stack, logicalId, role)),
    ...foreignRoles(stack),
    ...sharedRoles(stack),
    ...stack.resources('AWS::IAM::User', 'AWS::IAM::AccessKey', 'AWS::IAM::Group').map(([logicalId, , type]) =>
      stack.finding(logicalId, {
        id: `standing-identity ${type}`,
        problem: `it is an ${type}, a permanent identity whose keys never expire`,
        remedy: 'use a role for whoever needs access',
      }),
    ),
  ];
}

function identityStatements(stack: SynthesizedStack): { logicalId: string; statement: Statement }[] {
  const ofPolicies = stack
    .resources('AWS::IAM::Policy', 'AWS::IAM::ManagedPolicy', 'AWS::IAM::RolePolicy')
    .flatMap(([logicalId, { PolicyDocument }]) =>
      allowStatements(PolicyDocument).map((statement) => ({ logicalId, statement })),
    );
  const inline = stack
    .resources('AWS::IAM::Role')
    .flatMap(([logicalId, { Policies }]) =>
      listOf(Policies as { PolicyDocument: unknown }[] | undefined).flatMap(({ PolicyDocument }) =>
        allowStatements(PolicyDocument).map((statement) => ({ logicalId, statement })),
      ),
    );
  return [...ofPolicies, ...inline];
}

function checkStatement(stack: SynthesizedStack, logicalId: string, statement: Statement): Finding[] {
  const resources = listOf(statement.Resource);
  if (statement.Action === undefined || statement.Resource === undefined) {
    return [
      stack.finding(logicalId, {
        id: 'all-but',
        problem: `a statement does not name its actions and resources: ${JSON.stringify(statement)}`,
        remedy: 'name the actions and resources that are needed',
      }),
    ];
  }
  return listOf(statement.Action).flatMap((action) => [
    ...wildcardAction(stack, logicalId, action),
    ...(action.toLowerCase() === 'events:putevents'
      ? checkPutEvents(stack, logicalId, statement)
      : resources.flatMap((resource) => checkOwnership(stack, logicalId, action, resource))),
  ]);
}

function wildcardAction(stack: SynthesizedStack, logicalId: string, action: string): Finding[] {
  if (!/[*?]/.test(action)) return [];
  return [
    stack.finding(logicalId, {
      id: `wildcard-action ${action}`,
      problem: `a role may ${action}`,
      remedy: 'name the actions that the code calls, or justify() the wildcard next to the statement',
    }),
  ];
}

function checkOwnership(stack: SynthesizedStack, logicalId: string, action: string, resource: unknown): Finding[] {
  const text = textOf(resource);
  const type = ownedTypes[action.split(':')[0]!.toLowerCase()];
  // An index of the stack's own table counts as its own. An ARN with any other wildcard counts as foreign.
  if (type && stack.ownResource(text.replace(/(?<=\.Arn\})\/index\/[\w.*-]+$/, ''), type)) {
    if (!/[*?]/.test(text)) return [];
    return [
      stack.finding(logicalId, {
        id: `wildcard-resource ${action} ${text}`,
        problem: `a role may ${action} on ${text}`,
        remedy: 'name the index, or justify() the wildcard next to the statement',
      }),
    ];
  }
  const own = type && stack.resources(type).map(([each]) => each);
  const remedy = own
    ? `grant it on ${own.join(' or ') || `an ${type} of this stack`}; subscribe to other services' events, never read their resources`
    : 'if the code needs it, justify() it next to the statement; if not, remove it';
  return [
    stack.finding(logicalId, {
      id: `foreign ${action} ${text}`,
      problem: `a role may ${action} on ${text}, which is not ${type === undefined ? 'allowed without a justification' : `an ${type} of this stack`}`,
      remedy,
    }),
  ];
}

/**
 * A role may publish its own service's events on this bus only. Rules match on source and detail-type, so both must
 * be fixed, for every event of a request.
 */
function checkPutEvents(stack: SynthesizedStack, logicalId: string, statement: Statement): Finding[] {
  const source = `airline.${stack.service}`;
  const events: Record<string, { source: string }> = catalogue;
  const remedy = `use grantPutEvents() with the bus, the source ${source} and its detail-types`;
  const finding = (id: string, problem: string): Finding =>
    stack.finding(logicalId, { id: `put-events ${id}`, problem, remedy });
  const valuesBy = (operator: string, key: string): string[] =>
    listOf(statement.Condition?.[operator]?.[key] as string | string[] | undefined);

  const limits = ['source', 'detail-type'].flatMap((field) => {
    const key = `events:${field}`;
    if (valuesBy('ForAllValues:StringEquals', key).length === 0) {
      return valuesBy('StringEquals', key).length > 0
        ? [finding(`single-${field}`, `${key} is compared by StringEquals, which does not hold for several events`)]
        : [finding(`any-${field}`, `a role may put events with any ${field}`)];
    }
    if (String(statement.Condition?.Null?.[key]) === 'false') return [];
    return [
      finding(
        `no-${field}`,
        `a role may put events with any ${field}: ForAllValues also allows a request without ${key}`,
      ),
    ];
  });
  const named = (key: string): string[] => [
    ...valuesBy('ForAllValues:StringEquals', key),
    ...valuesBy('StringEquals', key),
  ];
  return [
    ...listOf(statement.Resource)
      .filter((resource) => !stack.isBus(resource))
      .map((resource) =>
        finding('elsewhere', `a role may put events on ${textOf(resource)}, which is not the airline's bus`),
      ),
    ...limits,
    ...named('events:source')
      .filter((each) => each !== source)
      .map((each) => finding('foreign-source', `a role of ${stack.service} may put events with the source ${each}`)),
    ...named('events:detail-type')
      .filter((type) => events[type]?.source !== source)
      .map((type) =>
        finding(
          'foreign-detail-type',
          `a role may put events of detail-type ${type}, which is not an event of ${source} in the contract`,
        ),
      ),
  ];
}

function checkRole(stack: SynthesizedStack, logicalId: string, role: Record<string, unknown>): Finding[] {
  const trusted = allowStatements(role.AssumeRolePolicyDocument).filter(({ Principal }) => {
    const names = typeof Principal === 'object' && Principal !== null ? Object.keys(Principal) : [];
    return names.length !== 1 || names[0] !== 'Service';
  });
  return [
    ...trusted.map(({ Principal }) =>
      stack.finding(logicalId, {
        id: `trust ${JSON.stringify(Principal)}`,
        problem: `${JSON.stringify(Principal)} may assume the role, and is not an AWS service`,
        remedy: 'trust only the AWS service that runs the code',
      }),
    ),
    ...listOf(role.ManagedPolicyArns as unknown[] | undefined).map((arn) =>
      stack.finding(logicalId, {
        id: `managed-policy ${textOf(arn)}`,
        problem:
          `the role has the managed policy ${textOf(arn)}, ` +
          'which allows more than this function needs and can change without a deployment',
        remedy: 'grant the actions on the resource instead, e.g. logGroup.grantWrite(role)',
      }),
    ),
  ];
}

function foreignRoles(stack: SynthesizedStack): Finding[] {
  return stack
    .resources('AWS::Lambda::Function')
    .filter(([, { Role }]) => !stack.ownResource(Role, 'AWS::IAM::Role'))
    .map(([logicalId, { Role }]) =>
      stack.finding(logicalId, {
        id: `foreign-role ${textOf(Role)}`,
        problem: `its role ${textOf(Role)} is not in this stack, so its permissions cannot be checked`,
        remedy: 'create it as a NodeFunction, which creates its own role',
      }),
    );
}

function sharedRoles(stack: SynthesizedStack): Finding[] {
  const users = new Map<string, string[]>();
  for (const [logicalId, { Role }] of stack.resources('AWS::Lambda::Function')) {
    users.set(textOf(Role), [...(users.get(textOf(Role)) ?? []), logicalId]);
  }
  return [...users].flatMap(([role, functions]) =>
    functions.slice(1).map((logicalId) =>
      stack.finding(logicalId, {
        id: `shared-role ${role}`,
        problem: `it shares the role ${role} with ${functions[0]}, so each has permissions that only the other needs`,
        remedy: 'give each function its own role',
      }),
    ),
  );
}

import { catalogue } from '@airline/events-schemas/generated/catalogue';
import type { Finding } from './finding.ts';
import { allowStatements, isWide, listOf, type Statement, type SynthesizedStack, textOf } from './synthesized-stack.ts';

/** For each service prefix of an action, the type of resource of its own stack that a role may use. */
const ownedTypes: Record<string, string> = {
  dynamodb: 'AWS::DynamoDB::Table',
  sqs: 'AWS::SQS::Queue',
  logs: 'AWS::Logs::LogGroup',
};

/** The account of the stack, as a principal: whom IAM allows it may assume the role. */
const ownAccount = 'arn:${AWS::Partition}:iam::${AWS::AccountId}:root';

/**
 * Checks the permissions of each role, who may assume it, and that each function has a role of its own in its stack.
 *
 * A role is either of a function, or for commands (command-role.ts): it trusts its account and nobody else. A role for
 * commands has a fixed name and may reach the whole airline, but nothing beyond.
 */
export function checkRoles(stack: SynthesizedStack): Finding[] {
  return [
    ...identityStatements(stack).flatMap((each) => checkStatement(stack, each)),
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

interface IdentityStatement {
  logicalId: string;
  statement: Statement;
  /** Whether it belongs to roles for commands only. */
  isForCommands: boolean;
}

function identityStatements(stack: SynthesizedStack): IdentityStatement[] {
  const isForCommands = (role: unknown): boolean => {
    const own = stack.ownResource(role, 'AWS::IAM::Role');
    return own !== undefined && trustsOwnAccountOnly(own.properties);
  };
  const ofPolicies = stack
    .resources('AWS::IAM::Policy', 'AWS::IAM::ManagedPolicy', 'AWS::IAM::RolePolicy')
    .flatMap(([logicalId, { PolicyDocument, Roles, RoleName, Users, Groups }]) => {
      const holders = [Roles, RoleName, Users, Groups].flatMap((each) => listOf(each as unknown[] | undefined));
      return allowStatements(PolicyDocument).map((statement) => ({
        logicalId,
        statement,
        isForCommands: holders.length > 0 && holders.every(isForCommands),
      }));
    });
  const inline = stack.resources('AWS::IAM::Role').flatMap(([logicalId, role]) =>
    listOf(role.Policies as { PolicyDocument: unknown }[] | undefined).flatMap(({ PolicyDocument }) =>
      allowStatements(PolicyDocument).map((statement) => ({
        logicalId,
        statement,
        isForCommands: trustsOwnAccountOnly(role),
      })),
    ),
  );
  return [...ofPolicies, ...inline];
}

function trustsOwnAccountOnly(role: Record<string, unknown>): boolean {
  const trusted = allowStatements(role.AssumeRolePolicyDocument);
  return trusted.length > 0 && trusted.every(trustsOwnAccount);
}

function trustsOwnAccount({ Principal, Action }: Statement): boolean {
  const principals = Object.entries((typeof Principal === 'object' && Principal) || {});
  return (
    principals.length === 1 &&
    principals[0]![0] === 'AWS' &&
    textOf(principals[0]![1]) === ownAccount &&
    listOf(Action).join() === 'sts:AssumeRole'
  );
}

function checkStatement(
  stack: SynthesizedStack,
  { logicalId, statement, isForCommands }: IdentityStatement,
): Finding[] {
  const checkResource = isForCommands ? checkReach : checkOwnership;
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
      : resources.flatMap((resource) => checkResource(stack, logicalId, action, resource))),
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
    if (!isWide(text)) return [];
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
 * A role for commands may use what this airline has in this account and region, each by its name: a resource of the
 * stack, or one whose name begins with the airline's.
 */
function checkReach(stack: SynthesizedStack, logicalId: string, action: string, resource: unknown): Finding[] {
  const text = textOf(resource);
  const isOwn = stack.resources().some(([, , type]) => stack.ownResource(resource, type));
  const named = new RegExp(
    `^arn:\\$\\{AWS::Partition\\}:[a-z]+:\\$\\{AWS::Region\\}:\\$\\{AWS::AccountId\\}:([a-z-]+[/:])?${stack.airline}($|[-./])`,
  );
  if ((isOwn || named.test(text)) && !isWide(text)) return [];
  return [
    stack.finding(logicalId, {
      id: `wide ${action} ${text}`,
      problem: `a role for commands may ${action} on ${text}, which is more than named resources of ${stack.airline}`,
      remedy: 'name the resources of the airline; if AWS has no narrower form, say so in `wide` of the permission',
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
  const isForCommands = trustsOwnAccountOnly(role);
  const trusted = allowStatements(role.AssumeRolePolicyDocument).filter(({ Principal }) => {
    if (isForCommands) return false;
    const names = typeof Principal === 'object' && Principal !== null ? Object.keys(Principal) : [];
    return names.length !== 1 || names[0] !== 'Service';
  });
  return [
    ...trusted.map(({ Principal }) =>
      stack.finding(logicalId, {
        id: `trust ${JSON.stringify(Principal)}`,
        problem: `${JSON.stringify(Principal)} may assume the role, and is not an AWS service`,
        remedy: 'trust only the AWS service that runs the code; for people, create a CommandRole',
      }),
    ),
    ...(isForCommands && !String(role.RoleName).startsWith(`${stack.airline}-`)
      ? [
          stack.finding(logicalId, {
            id: 'unnamed-role',
            problem: `people assume the role, and its name ${textOf(role.RoleName)} does not begin with ${stack.airline}-`,
            remedy: 'create it as a CommandRole, which names it',
          }),
        ]
      : []),
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

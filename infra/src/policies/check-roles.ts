import { catalogue } from '@airline/events-schemas/generated/catalogue';
import type { Finding } from './finding.ts';
import { allowedBy, listOf, type Statement, type SynthesizedStack, textOf } from './synthesized-stack.ts';

/** What a role may touch, by the service prefix of the action: resources of its own stack, of this type. */
const ownedTypes: Record<string, string> = {
  dynamodb: 'AWS::DynamoDB::Table',
  sqs: 'AWS::SQS::Queue',
  logs: 'AWS::Logs::LogGroup',
};

/** Checks that each role may do to its own stack's resources what its service does, and nothing else. */
export function checkRoles(stack: SynthesizedStack): Finding[] {
  return [
    ...identityStatements(stack).flatMap(({ logicalId, statement }) => checkStatement(stack, logicalId, statement)),
    ...stack.resources('AWS::IAM::Role').flatMap(([logicalId, role]) => checkRole(stack, logicalId, role)),
    ...foreignRoles(stack),
    ...sharedRoles(stack),
    ...stack.resources('AWS::IAM::User', 'AWS::IAM::AccessKey', 'AWS::IAM::Group').map(([logicalId, , type]) =>
      stack.finding(logicalId, {
        id: `standing-identity ${type}`,
        problem: `it is an ${type}, whose keys never expire`,
        remedy: 'let whoever needs access assume a role',
      }),
    ),
  ];
}

function identityStatements(stack: SynthesizedStack): { logicalId: string; statement: Statement }[] {
  const ofPolicies = stack
    .resources('AWS::IAM::Policy', 'AWS::IAM::ManagedPolicy', 'AWS::IAM::RolePolicy')
    .flatMap(([logicalId, { PolicyDocument }]) =>
      allowedBy(PolicyDocument).map((statement) => ({ logicalId, statement })),
    );
  const inline = stack
    .resources('AWS::IAM::Role')
    .flatMap(([logicalId, { Policies }]) =>
      listOf(Policies as { PolicyDocument: unknown }[] | undefined).flatMap(({ PolicyDocument }) =>
        allowedBy(PolicyDocument).map((statement) => ({ logicalId, statement })),
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
        problem: `a statement does not say what it allows, on what: ${JSON.stringify(statement)}`,
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
      remedy: 'name the actions that the code calls, or justify() the wildcard beside the statement',
    }),
  ];
}

function checkOwnership(stack: SynthesizedStack, logicalId: string, action: string, resource: unknown): Finding[] {
  const text = textOf(resource);
  const type = ownedTypes[action.split(':')[0]!.toLowerCase()];
  // An index of an own table is own as well. Any other wildcard is nobody's own.
  if (type && stack.own(text.replace(/(?<=\.Arn\})\/index\/[\w.*-]+$/, ''), type)) {
    if (!/[*?]/.test(text)) return [];
    return [
      stack.finding(logicalId, {
        id: `wildcard-resource ${action} ${text}`,
        problem: `a role may ${action} on ${text}`,
        remedy: 'name the index, or justify() the wildcard beside the statement',
      }),
    ];
  }
  const own = type && stack.resources(type).map(([each]) => each);
  const remedy = own
    ? `grant it on ${own.join(' or ') || `a ${type} of this stack`}; what others know is heard as events, never read from their resources`
    : 'if the code needs it, justify() it beside the statement; else remove it';
  return [
    stack.finding(logicalId, {
      id: `foreign ${action} ${text}`,
      problem: `a role may ${action} on ${text}, which is no ${type ?? 'resource that roles may touch unexplained'} of this stack`,
      remedy,
    }),
  ];
}

/** Its events on this bus, by its own name: neither may be left open, since rules match on source and detail-type. */
function checkPutEvents(stack: SynthesizedStack, logicalId: string, statement: Statement): Finding[] {
  const source = `airline.${stack.service}`;
  const equal = statement.Condition?.StringEquals ?? {};
  const sources = listOf(equal['events:source'] as string | string[] | undefined);
  const detailTypes = listOf(equal['events:detail-type'] as string | string[] | undefined);
  const events: Record<string, { source: string }> = catalogue;
  const foreign = detailTypes.filter((type) => events[type]?.source !== source);
  const remedy = `use grantPutEvents(), which takes the bus, the source ${source} and the detail-types that it says`;
  const finding = (id: string, problem: string): Finding =>
    stack.finding(logicalId, { id: `put-events ${id}`, problem, remedy });

  return [
    ...listOf(statement.Resource)
      .filter((resource) => !stack.isBus(resource))
      .map((resource) =>
        finding('elsewhere', `a role may put events on ${textOf(resource)}, which is not the airline's bus`),
      ),
    ...(sources.length === 0 ? [finding('any-source', 'a role may put events in the name of any source')] : []),
    ...sources
      .filter((each) => each !== source)
      .map((each) => finding('foreign-source', `a role of ${stack.service} may put events in the name of ${each}`)),
    ...(detailTypes.length === 0
      ? [finding('any-detail-type', `a role may put events of any detail-type as ${source}`)]
      : []),
    ...foreign.map((type) =>
      finding(
        'foreign-detail-type',
        `a role may put events of detail-type ${type}, which the contract does not let ${source} say`,
      ),
    ),
  ];
}

function checkRole(stack: SynthesizedStack, logicalId: string, role: Record<string, unknown>): Finding[] {
  const trusted = allowedBy(role.AssumeRolePolicyDocument).filter(({ Principal }) => {
    const names = typeof Principal === 'object' && Principal !== null ? Object.keys(Principal) : [];
    return names.length !== 1 || names[0] !== 'Service';
  });
  return [
    ...trusted.map(({ Principal }) =>
      stack.finding(logicalId, {
        id: `trust ${JSON.stringify(Principal)}`,
        problem: `the role may be assumed by ${JSON.stringify(Principal)}, which is no AWS service`,
        remedy: 'let only the service that runs the code assume it',
      }),
    ),
    ...listOf(role.ManagedPolicyArns as unknown[] | undefined).map((arn) =>
      stack.finding(logicalId, {
        id: `managed-policy ${textOf(arn)}`,
        problem: `the role has the managed policy ${textOf(arn)}, which allows more than this function needs and changes without a deployment`,
        remedy: 'grant the actions on the resource instead, e.g. logGroup.grantWrite(role)',
      }),
    ),
  ];
}

function foreignRoles(stack: SynthesizedStack): Finding[] {
  return stack
    .resources('AWS::Lambda::Function')
    .filter(([, { Role }]) => !stack.own(Role, 'AWS::IAM::Role'))
    .map(([logicalId, { Role }]) =>
      stack.finding(logicalId, {
        id: `foreign-role ${textOf(Role)}`,
        problem: `it runs as ${textOf(Role)}, a role that is not in this stack, so that nobody can see what it may do`,
        remedy: 'create it as a NodeFunction, which has a role of its own',
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
        problem: `it shares the role ${role} with ${functions[0]}, so each may do what only the other needs`,
        remedy: 'give each function a role of its own',
      }),
    ),
  );
}

import type { Finding } from './finding.ts';
import {
  allowStatements,
  listOf,
  ruleTargets,
  type Statement,
  statementsOf,
  type SynthesizedStack,
  textOf,
} from './synthesized-stack.ts';

/** The actions that EventBridge needs to deliver to a queue. */
const deliveryActions = ['sqs:SendMessage', 'sqs:GetQueueAttributes', 'sqs:GetQueueUrl'];

/** Types whose policy documents are checked, here or in check-roles.ts. */
const identityPolicyTypes = ['Policy', 'ManagedPolicy', 'RolePolicy'].map((name) => `AWS::IAM::${name}`);
const checkedTypes = [...identityPolicyTypes, 'AWS::SQS::QueuePolicy', 'AWS::SNS::TopicPolicy'];

/** Checks the resource-based policies of queues, topics, keys, functions and the bus. */
export function checkResourcePolicies(stack: SynthesizedStack): Finding[] {
  return [
    ...checkQueuePolicies(stack),
    ...checkBusPolicies(stack),
    ...stack
      .resources('AWS::SNS::TopicPolicy')
      .flatMap(([logicalId, { PolicyDocument }]) =>
        allowStatements(PolicyDocument).flatMap((statement) => checkPrincipal(stack, logicalId, statement)),
      ),
    ...stack
      .resources('AWS::KMS::Key')
      .flatMap(([logicalId, { KeyPolicy }]) =>
        allowStatements(KeyPolicy).flatMap((statement) => [
          ...checkPrincipal(stack, logicalId, statement),
          ...wildcardActions(stack, logicalId, statement),
        ]),
      ),
    ...stack
      .resources('AWS::Lambda::Permission')
      .filter(
        ([, { Principal, SourceArn }]) => SourceArn === undefined || !String(Principal).endsWith('.amazonaws.com'),
      )
      .map(([logicalId, { Principal }]) =>
        stack.finding(logicalId, {
          id: `open-function ${textOf(Principal)}`,
          problem: `${textOf(Principal)} may invoke the function, and no SourceArn limits it to one AWS resource`,
          remedy: 'name an AWS service as Principal, and as SourceArn the one resource that invokes the function',
        }),
      ),
    ...stack.resources('AWS::Lambda::Url').map(([logicalId]) =>
      stack.finding(logicalId, {
        id: 'function-url',
        problem: 'a function has a URL of its own, which bypasses the front door and its throttling',
        remedy: 'make it a route of the HTTP API',
      }),
    ),
    ...stack
      .resources()
      .filter(([, properties, type]) => 'PolicyDocument' in properties && !checkedTypes.includes(type))
      .map(([logicalId, , type]) =>
        stack.finding(logicalId, {
          id: `unread-policy ${type}`,
          problem: `no check reads policies of type ${type}`,
          remedy: 'add a check for this type to infra/src/policies/check-resource-policies.ts',
        }),
      ),
  ];
}

function checkQueuePolicies(stack: SynthesizedStack): Finding[] {
  const policies = stack.resources('AWS::SQS::QueuePolicy');
  const findings = policies.flatMap(([logicalId, { PolicyDocument, Queues }]) =>
    allowStatements(PolicyDocument).flatMap((statement) => {
      const problem = findOpening(stack, statement, listOf(Queues as unknown[]));
      if (problem === undefined) return [];
      return [
        stack.finding(logicalId, {
          id: `open-queue ${listOf(statement.Action).join()}`,
          problem: `the policy of ${listOf(Queues as unknown[])
            .map(textOf)
            .join()} ${problem}`,
          remedy:
            'admit only events.amazonaws.com, with ArnLike aws:SourceArn of the rules that deliver to the queue: ' +
            `rule/BUS/${stack.name}-*`,
        }),
      ];
    }),
  );
  const unguarded = stack
    .resources('AWS::SQS::Queue')
    .filter(
      ([queue]) =>
        !policies.some(
          ([, { PolicyDocument, Queues }]) =>
            listOf(Queues as unknown[]).some((each) => textOf(each) === `\${${queue}}`) &&
            statementsOf(PolicyDocument).some(deniesPlainHttp),
        ),
    );
  return [
    ...findings,
    ...unguarded.map(([logicalId]) =>
      stack.finding(logicalId, {
        id: 'plain-http',
        problem: 'the queue accepts requests without TLS',
        remedy: 'create it with enforceSSL',
      }),
    ),
  ];
}

/** Says whom a statement admits besides a rule that delivers to the queues; `undefined` if it admits no one else. */
function findOpening(stack: SynthesizedStack, statement: Statement, queues: unknown[]): string | undefined {
  if (JSON.stringify(statement.Principal) !== JSON.stringify({ Service: 'events.amazonaws.com' })) {
    return `admits ${JSON.stringify(statement.Principal ?? { not: statement.NotPrincipal })}`;
  }
  const excess = listOf(statement.Action).filter((action) => !deliveryActions.includes(action));
  if (excess.length > 0) return `allows EventBridge ${excess.join(', ')}`;
  const sources = ['ArnEquals', 'ArnLike', 'StringEquals'].flatMap((operator) =>
    listOf(statement.Condition?.[operator]?.['aws:SourceArn']),
  );
  if (sources.length === 0) return 'admits every rule of every account';
  const foreign = sources.find((source) => !deliversTo(stack, source, queues));
  return foreign === undefined
    ? undefined
    : `admits ${textOf(foreign)}, which is not a rule of this bus that delivers to the queue`;
}

/**
 * Whether the ARN belongs to rules of this stack on the airline's bus that reach all the queues, each as a target or as
 * the dead-letter queue of a target.
 */
function deliversTo(stack: SynthesizedStack, arn: unknown, queues: unknown[]): boolean {
  const rules = rulesOf(stack, arn);
  return (
    rules.length > 0 &&
    rules.every((rule) => {
      const reached = ruleTargets(rule).flatMap(({ Arn, DeadLetterConfig }) => [Arn, DeadLetterConfig?.Arn]);
      const ids = reached.map((each) => stack.ownResource(each, 'AWS::SQS::Queue')?.logicalId);
      return (
        stack.isBus(rule.EventBusName) &&
        queues.every((queue) => ids.includes(stack.ownResource(queue, 'AWS::SQS::Queue')?.logicalId ?? 'none'))
      );
    })
  );
}

/**
 * The rules of this stack with the ARN. It is a reference to a rule, is made of the names of a bus and a rule, or ends
 * with `*` after the prefix that the names of this stack's rules have.
 */
function rulesOf(stack: SynthesizedStack, arn: unknown): Record<string, unknown>[] {
  const prefix = `${stack.name}-`;
  const named = stack
    .resources('AWS::Events::Rule')
    .map(([, rule]) => rule)
    .filter(({ EventBusName, Name }) => {
      const ofBus = `arn:\${AWS::Partition}:events:\${AWS::Region}:\${AWS::AccountId}:rule/${textOf(EventBusName)}/`;
      const name = textOf(Name);
      const names = name.startsWith(prefix) ? [name, `${prefix}*`] : [name];
      return names.some((each) => textOf(arn) === ofBus + each);
    });
  const referred = stack.ownResource(arn, 'AWS::Events::Rule')?.properties;
  return referred ? [referred] : named;
}

/** Without a resource policy a bus accepts events only from identities of its own account to which IAM allows it. */
function checkBusPolicies(stack: SynthesizedStack): Finding[] {
  const ofBuses = stack
    .resources('AWS::Events::EventBus')
    .map(([logicalId, { Policy }]) => ({ logicalId, document: Policy }));
  const apart = stack
    .resources('AWS::Events::EventBusPolicy')
    .map(([logicalId, { Statement: statement, Principal }]) => ({
      logicalId,
      document: { Statement: listOf((statement ?? { Effect: 'Allow', Principal }) as Statement) },
    }));
  return [...ofBuses, ...apart].flatMap(({ logicalId, document }) =>
    allowStatements(document).map(({ Principal }) =>
      stack.finding(logicalId, {
        id: `open-bus ${JSON.stringify(Principal)}`,
        problem: `the bus admits ${JSON.stringify(Principal)} by a resource policy`,
        remedy:
          'use grantPutEvents() for the producer’s role; for another account justify() the policy and name the account',
      }),
    ),
  );
}

/**
 * Without a condition on the source, another account could make the AWS service act on its behalf (the confused deputy
 * problem, https://docs.aws.amazon.com/IAM/latest/UserGuide/confused-deputy.html).
 */
function checkPrincipal(stack: SynthesizedStack, logicalId: string, statement: Statement): Finding[] {
  const { Principal } = statement;
  const { Service: service, AWS: account } = (typeof Principal === 'object' && Principal !== null ? Principal : {}) as {
    Service?: string;
    AWS?: unknown;
  };
  if (textOf(account) === 'arn:${AWS::Partition}:iam::${AWS::AccountId}:root') return [];
  if (service !== undefined && statement.Condition !== undefined) return [];
  return [
    stack.finding(logicalId, {
      id: `open-resource ${listOf(statement.Action).join()}`,
      problem: `${JSON.stringify(Principal)} may ${listOf(statement.Action).join(', ')} on behalf of any account`,
      remedy: 'add a condition on aws:SourceArn or aws:SourceAccount',
    }),
  ];
}

function wildcardActions(stack: SynthesizedStack, logicalId: string, { Principal, Action }: Statement): Finding[] {
  return listOf(Action)
    .filter((action) => action.includes('*'))
    .map((action) =>
      stack.finding(logicalId, {
        id: `wildcard-action ${action}`,
        problem: `its policy allows ${JSON.stringify(Principal)} ${action}`,
        remedy: 'name the actions, or justify() the wildcard next to the key',
      }),
    );
}

function deniesPlainHttp({ Effect, Condition }: Statement): boolean {
  return Effect === 'Deny' && String(Condition?.Bool?.['aws:SecureTransport']) === 'false';
}

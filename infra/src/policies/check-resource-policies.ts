import type { Finding } from './finding.ts';
import { allowedBy, listOf, type Statement, statementsOf, type SynthesizedStack, textOf } from './synthesized-stack.ts';

/** What EventBridge needs of a queue. */
const delivery = ['sqs:SendMessage', 'sqs:GetQueueAttributes', 'sqs:GetQueueUrl'];

/** Types whose policy documents are looked at, here or in check-roles.ts. */
const known = ['Policy', 'ManagedPolicy', 'RolePolicy'].map((name) => `AWS::IAM::${name}`);
const knownTypes = [...known, 'AWS::SQS::QueuePolicy', 'AWS::SNS::TopicPolicy'];

/** Checks who is let in by the resources themselves: queues, topics, keys, functions and the bus. */
export function checkResourcePolicies(stack: SynthesizedStack): Finding[] {
  return [
    ...checkQueuePolicies(stack),
    ...checkBusPolicies(stack),
    ...stack
      .resources('AWS::SNS::TopicPolicy')
      .flatMap(([logicalId, { PolicyDocument }]) =>
        allowedBy(PolicyDocument).flatMap((statement) => checkPrincipal(stack, logicalId, statement)),
      ),
    ...stack
      .resources('AWS::KMS::Key')
      .flatMap(([logicalId, { KeyPolicy }]) =>
        allowedBy(KeyPolicy).flatMap((statement) => [
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
          problem: `${textOf(Principal)} may invoke the function, from wherever`,
          remedy: 'name the service and, as SourceArn, the one thing that invokes it',
        }),
      ),
    ...stack.resources('AWS::Lambda::Url').map(([logicalId]) =>
      stack.finding(logicalId, {
        id: 'function-url',
        problem: 'a function answers on a URL of its own, past the front door and its limits',
        remedy: 'make it a route of the HTTP API',
      }),
    ),
    ...stack
      .resources()
      .filter(([, properties, type]) => 'PolicyDocument' in properties && !knownTypes.includes(type))
      .map(([logicalId, , type]) =>
        stack.finding(logicalId, {
          id: `unread-policy ${type}`,
          problem: `nobody checks the policies of ${type}`,
          remedy: 'teach infra/src/policies/check-resource-policies.ts to read it',
        }),
      ),
  ];
}

function checkQueuePolicies(stack: SynthesizedStack): Finding[] {
  const policies = stack.resources('AWS::SQS::QueuePolicy');
  const findings = policies.flatMap(([logicalId, { PolicyDocument, Queues }]) =>
    allowedBy(PolicyDocument).flatMap((statement) => {
      const reason = whyNotOnlyARule(stack, statement, listOf(Queues as unknown[]));
      if (reason === undefined) return [];
      return [
        stack.finding(logicalId, {
          id: `open-queue ${listOf(statement.Action).join()}`,
          problem: `the policy of ${listOf(Queues as unknown[])
            .map(textOf)
            .join()} ${reason}`,
          remedy:
            'admit events.amazonaws.com with ArnEquals aws:SourceArn of the one rule that delivers there, and nobody else',
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
        problem: 'the queue takes requests that are not encrypted on their way',
        remedy: 'create it with enforceSSL',
      }),
    ),
  ];
}

function whyNotOnlyARule(stack: SynthesizedStack, statement: Statement, queues: unknown[]): string | undefined {
  if (JSON.stringify(statement.Principal) !== JSON.stringify({ Service: 'events.amazonaws.com' })) {
    return `admits ${JSON.stringify(statement.Principal ?? { not: statement.NotPrincipal })}`;
  }
  const excess = listOf(statement.Action).filter((action) => !delivery.includes(action));
  if (excess.length > 0) return `lets EventBridge ${excess.join(', ')}`;
  const sources = ['ArnEquals', 'StringEquals'].flatMap((operator) =>
    listOf(statement.Condition?.[operator]?.['aws:SourceArn']),
  );
  if (sources.length === 0) return 'admits every rule of every account';
  const strange = sources.find((source) => !deliversTo(stack, source, queues));
  return strange === undefined
    ? undefined
    : `admits ${textOf(strange)}, which is no rule of this bus that delivers there`;
}

/** Whether the ARN is that of an own rule of the airline's bus, with such a queue as target or as its dead-letter queue. */
function deliversTo(stack: SynthesizedStack, arn: unknown, queues: unknown[]): boolean {
  const rule = stack.own(arn, 'AWS::Events::Rule')?.properties;
  if (!rule || !stack.isBus(rule.EventBusName)) return false;
  const targets = listOf(rule.Targets as { Arn?: unknown; DeadLetterConfig?: { Arn?: unknown } }[] | undefined);
  const reached = targets.flatMap(({ Arn, DeadLetterConfig }) => [Arn, DeadLetterConfig?.Arn]);
  const ids = reached.map((each) => stack.own(each, 'AWS::SQS::Queue')?.logicalId);
  return queues.every((queue) => ids.includes(stack.own(queue, 'AWS::SQS::Queue')?.logicalId ?? 'none'));
}

/** Without a policy a bus takes events from identities of its own account alone, and from those only that IAM allows to. */
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
    allowedBy(document).map(({ Principal }) =>
      stack.finding(logicalId, {
        id: `open-bus ${JSON.stringify(Principal)}`,
        problem: `the bus admits ${JSON.stringify(Principal)} by a policy of its own`,
        remedy: 'let the producer’s role have grantPutEvents(); another account needs a justify() that names it',
      }),
    ),
  );
}

/** A service may be tricked into acting for a stranger unless the policy says for whom it may act. */
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
      problem: `${JSON.stringify(Principal)} may ${listOf(statement.Action).join(', ')}, on whoever's behalf`,
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
        problem: `its policy lets ${JSON.stringify(Principal)} ${action}`,
        remedy: 'name the actions, or justify() the wildcard beside the key',
      }),
    );
}

function deniesPlainHttp({ Effect, Condition }: Statement): boolean {
  return Effect === 'Deny' && String(Condition?.Bool?.['aws:SecureTransport']) === 'false';
}

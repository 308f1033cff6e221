import type { Finding } from './finding.ts';
import { listOf, ruleTargets, type SynthesizedStack, textOf } from './synthesized-stack.ts';

/** CloudFormation's default values, in seconds. */
const defaults = { functionTimeout: 3, visibility: 30, retention: 4 * 24 * 3600 };

/**
 * Checks that no message can be lost. Every rule target and every queue that a function reads needs a dead-letter
 * queue. The queue's visibility timeout must be long enough for one batch, and a failed message must not bring back
 * its batch. A rule comes after all that its events need.
 */
export function checkDelivery(stack: SynthesizedStack): Finding[] {
  return [
    ...stack
      .resources('AWS::Lambda::EventSourceMapping')
      .flatMap(([logicalId, mapping]) => checkEventSource(stack, logicalId, mapping)),
    ...stack
      .resources('AWS::Events::Rule')
      .flatMap(([logicalId, rule]) => [...checkTargets(stack, logicalId, rule), ...checkOrder(stack, logicalId, rule)]),
  ];
}

function checkTargets(stack: SynthesizedStack, logicalId: string, rule: Record<string, unknown>): Finding[] {
  return ruleTargets(rule)
    .filter(({ DeadLetterConfig }) => !stack.ownResource(DeadLetterConfig?.Arn, 'AWS::SQS::Queue'))
    .map(({ Id, Arn }) =>
      stack.finding(logicalId, {
        id: `target-without-dead-letters ${Id}`,
        problem:
          `its target ${Id} (${textOf(Arn)}) has no dead-letter queue of this stack: ` +
          'EventBridge drops an event that it cannot deliver within 24 hours',
        remedy: 'give the target a deadLetterQueue, as EventConsumer does',
      }),
    );
}

/** The rule must come after the policies of its queues, and after whatever reads them. */
function checkOrder(stack: SynthesizedStack, logicalId: string, rule: Record<string, unknown>): Finding[] {
  const queues = ruleTargets(rule)
    .flatMap(({ Arn, DeadLetterConfig }) => [Arn, DeadLetterConfig?.Arn])
    .map((each) => stack.ownResource(each, 'AWS::SQS::Queue')?.logicalId);
  const isOfQueues = (expression: unknown): boolean => {
    const queue = stack.ownResource(expression, 'AWS::SQS::Queue');
    return queue !== undefined && queues.includes(queue.logicalId);
  };
  const needed = [
    ...stack
      .resources('AWS::SQS::QueuePolicy')
      .filter(([, { Queues }]) => listOf(Queues as unknown[]).some(isOfQueues)),
    ...stack
      .resources('AWS::Lambda::EventSourceMapping')
      .filter(([, { EventSourceArn }]) => isOfQueues(EventSourceArn)),
  ].map(([each]) => each);
  const before = stack.createdBefore(logicalId);
  return needed
    .filter((each) => !before.has(each))
    .map((each) =>
      stack.finding(logicalId, {
        id: `early-rule ${each}`,
        problem:
          `CloudFormation may create the rule before ${each}` +
          (stack.createdBefore(each).has(logicalId) ? ', which refers to the rule' : '') +
          ': EventBridge does not retry an event that a queue refuses, so the events in between would be lost',
        remedy:
          "name the rule's ARN in the queue policies without a reference to the rule, " +
          'and let the rule depend on them and on the event source, as EventConsumer does',
      }),
    );
}

function checkEventSource(stack: SynthesizedStack, logicalId: string, mapping: Record<string, unknown>): Finding[] {
  const queue = stack.ownResource(mapping.EventSourceArn, 'AWS::SQS::Queue');
  if (!queue) {
    return [
      stack.finding(logicalId, {
        id: `foreign-event-source ${textOf(mapping.EventSourceArn)}`,
        problem: `it reads ${textOf(mapping.EventSourceArn)}, which is not a queue of this stack`,
        remedy: "read a queue of this stack; a rule of the bus brings other services' events there",
      }),
    ];
  }
  const functionProperties = stack.ownResource(mapping.FunctionName, 'AWS::Lambda::Function')?.properties;
  const timeout = Number(functionProperties?.Timeout ?? defaults.functionTimeout);
  const visibility = Number(queue.properties.VisibilityTimeout ?? defaults.visibility);
  const responses = listOf(mapping.FunctionResponseTypes as string[] | undefined);
  return [
    ...checkDeadLetters(stack, queue),
    ...(visibility < 6 * timeout
      ? [
          stack.finding(queue.logicalId, {
            id: 'short-visibility',
            problem:
              `its visibility timeout of ${visibility} s is less than six times the ${timeout} s ` +
              `that ${textOf(mapping.FunctionName)} may run: SQS would deliver a slow batch again while it is handled`,
            remedy:
              `raise the visibility timeout to ${6 * timeout} s, ` +
              `or lower the function's timeout to ${Math.floor(visibility / 6)} s`,
          }),
        ]
      : []),
    ...(responses.includes('ReportBatchItemFailures')
      ? []
      : [
          stack.finding(logicalId, {
            id: 'whole-batches',
            problem: 'one failed message makes SQS deliver its whole batch again',
            remedy: 'create the event source with reportBatchItemFailures',
          }),
        ]),
  ];
}

function checkDeadLetters(
  stack: SynthesizedStack,
  { logicalId, properties }: { logicalId: string; properties: Record<string, unknown> },
): Finding[] {
  const redrive = properties.RedrivePolicy as { deadLetterTargetArn?: unknown } | undefined;
  const deadLetters = stack.ownResource(redrive?.deadLetterTargetArn, 'AWS::SQS::Queue');
  if (!deadLetters) {
    return [
      stack.finding(logicalId, {
        id: 'queue-without-dead-letters',
        problem:
          'a function reads this queue, and it has no dead-letter queue of this stack: ' +
          'a failing message is retried until its retention ends, and is then lost',
        remedy: 'give it a deadLetterQueue with maxReceiveCount, as EventConsumer does',
      }),
    ];
  }
  const retention = (queue: Record<string, unknown>): number =>
    Number(queue.MessageRetentionPeriod ?? defaults.retention);
  if (retention(deadLetters.properties) > retention(properties)) return [];
  return [
    stack.finding(deadLetters.logicalId, {
      id: 'short-retention',
      problem:
        `it keeps messages for ${retention(deadLetters.properties)} s, which is not longer than the retention of ` +
        `${logicalId}; SQS counts a dead letter's age from when it was first sent`,
      remedy: 'set a longer retention, ideally the 14 days that SQS allows',
    }),
  ];
}

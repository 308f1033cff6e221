import type { Finding } from './finding.ts';
import { listOf, type SynthesizedStack, textOf } from './synthesized-stack.ts';

/** CloudFormation's defaults, in seconds. */
const defaults = { functionTimeout: 3, visibility: 30, retention: 4 * 24 * 3600 };

/** Checks that no message can be lost on its way: dead-letter queues everywhere, and time enough to handle a batch once. */
export function checkDelivery(stack: SynthesizedStack): Finding[] {
  return [
    ...stack
      .resources('AWS::Lambda::EventSourceMapping')
      .flatMap(([logicalId, mapping]) => checkEventSource(stack, logicalId, mapping)),
    ...stack.resources('AWS::Events::Rule').flatMap(([logicalId, { Targets }]) =>
      listOf(Targets as Target[] | undefined)
        .filter(({ DeadLetterConfig }) => !stack.own(DeadLetterConfig?.Arn, 'AWS::SQS::Queue'))
        .map(({ Id, Arn }) =>
          stack.finding(logicalId, {
            id: `target-without-dead-letters ${Id}`,
            problem: `its target ${Id} (${textOf(Arn)}) has no dead-letter queue of this stack: what EventBridge cannot deliver is gone after 24 hours`,
            remedy: 'give the target a deadLetterQueue, as EventConsumer does',
          }),
        ),
    ),
  ];
}

interface Target {
  Id: string;
  Arn: unknown;
  DeadLetterConfig?: { Arn?: unknown };
}

function checkEventSource(stack: SynthesizedStack, logicalId: string, mapping: Record<string, unknown>): Finding[] {
  const queue = stack.own(mapping.EventSourceArn, 'AWS::SQS::Queue');
  if (!queue) {
    return [
      stack.finding(logicalId, {
        id: `foreign-event-source ${textOf(mapping.EventSourceArn)}`,
        problem: `it reads ${textOf(mapping.EventSourceArn)}, which is no queue of this stack`,
        remedy: 'read a queue of this stack; what others say comes by a rule of the bus',
      }),
    ];
  }
  const functionProperties = stack.own(mapping.FunctionName, 'AWS::Lambda::Function')?.properties;
  const timeout = Number(functionProperties?.Timeout ?? defaults.functionTimeout);
  const visibility = Number(queue.properties.VisibilityTimeout ?? defaults.visibility);
  const responses = listOf(mapping.FunctionResponseTypes as string[] | undefined);
  return [
    ...checkDeadLetters(stack, queue),
    ...(visibility < 6 * timeout
      ? [
          stack.finding(queue.logicalId, {
            id: 'short-visibility',
            problem: `its visibility timeout of ${visibility} s is less than six times the ${timeout} s that ${textOf(mapping.FunctionName)} may run: a slow batch would be handled twice at once`,
            remedy: `raise the visibility timeout to ${6 * timeout} s, or lower the function's timeout to ${Math.floor(visibility / 6)} s`,
          }),
        ]
      : []),
    ...(responses.includes('ReportBatchItemFailures')
      ? []
      : [
          stack.finding(logicalId, {
            id: 'whole-batches',
            problem: 'one message that fails brings its whole batch back',
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
  const deadLetters = stack.own(redrive?.deadLetterTargetArn, 'AWS::SQS::Queue');
  if (!deadLetters) {
    return [
      stack.finding(logicalId, {
        id: 'queue-without-dead-letters',
        problem:
          'a function reads this queue, and it has no dead-letter queue of this stack: a message that fails is tried until it is forgotten',
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
      problem: `it keeps dead letters for ${retention(deadLetters.properties)} s, no longer than ${logicalId} keeps messages; their age counts from the first send`,
      remedy: 'keep them longer, at best the 14 days that SQS allows',
    }),
  ];
}

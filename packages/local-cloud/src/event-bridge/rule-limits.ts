import { InvalidEventPatternError, validateEventPattern } from './event-pattern.ts';
import { LocalCloudError } from '../local-cloud-error.ts';
import type { RuleTarget } from './target-delivery.ts';

/** @see https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-quota.html */
const MAX_TARGETS = 5;
/** @see https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_RetryPolicy.html */
const RETRY_ATTEMPTS = { minimum: 0, maximum: 185 };
const EVENT_AGE_SECONDS = { minimum: 60, maximum: 86_400 };

/**
 * Checks what EventBridge would reject.
 * @throws LocalCloudError that names the rule, and also when a target is not an SQS queue
 */
export function refuseRule(rule: { name: string; eventPattern: object; targets: readonly RuleTarget[] }): void {
  const { name, eventPattern, targets } = rule;
  try {
    validateEventPattern(eventPattern);
  } catch (error) {
    if (error instanceof InvalidEventPatternError) throw new LocalCloudError(`Rule ${name}: ${error.message}`);
    throw error;
  }
  if (targets.length > MAX_TARGETS)
    throw new LocalCloudError(`Rule ${name} has ${targets.length} targets; EventBridge allows ${MAX_TARGETS}.`);
  const ids = targets.map(({ id }) => id);
  const twice = ids.find((id, index) => ids.indexOf(id) !== index);
  if (twice !== undefined) throw new LocalCloudError(`Rule ${name} has two targets with the id ${twice}: rename one.`);
  for (const target of targets) {
    const problem = problemOf(target);
    if (problem !== undefined) throw new LocalCloudError(`Rule ${name}, target ${target.id}: ${problem}.`);
  }
}

function problemOf(target: RuleTarget): string | undefined {
  const { arn, deadLetterQueueArn = arn, maximumRetryAttempts, maximumEventAgeSeconds } = target;
  for (const queueArn of [arn, deadLetterQueueArn]) {
    if (!queueArn.startsWith('arn:aws:sqs:')) return `the local cloud delivers to SQS queues only, not to ${queueArn}`;
  }
  return (
    problemOfNumber('MaximumRetryAttempts', maximumRetryAttempts, RETRY_ATTEMPTS) ??
    problemOfNumber('MaximumEventAgeInSeconds', maximumEventAgeSeconds, EVENT_AGE_SECONDS)
  );
}

function problemOfNumber(
  property: string,
  value: number,
  { minimum, maximum }: { minimum: number; maximum: number },
): string | undefined {
  if (Number.isInteger(value) && value >= minimum && value <= maximum) return undefined;
  return `${property} is ${value}; it must be a whole number from ${minimum} to ${maximum}`;
}

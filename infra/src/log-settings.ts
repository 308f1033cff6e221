import { RetentionDays } from 'aws-cdk-lib/aws-logs';
import type { Construct } from 'constructs';

const levels = ['DEBUG', 'INFO', 'WARN', 'ERROR'];
const byDefaultDays = RetentionDays.ONE_MONTH;

/**
 * From which level on functions log: the context value `logLevel`, or INFO.
 * @throws Error when it is no level
 */
export function logLevel(scope: Construct): string {
  const given: unknown = scope.node.tryGetContext('logLevel') ?? 'INFO';
  if (typeof given === 'string' && levels.includes(given)) return given;
  throw new Error(`Context value logLevel must be one of ${levels.join(', ')}; it is ${JSON.stringify(given)}.`);
}

/**
 * How many days logs are kept: the context value `logRetentionDays`, or 30.
 * @throws Error when CloudWatch does not offer that number
 */
export function logRetention(scope: Construct): RetentionDays {
  const given: unknown = scope.node.tryGetContext('logRetentionDays') ?? byDefaultDays;
  // The CDK's word for "for ever" is no number of days that CloudWatch knows.
  const offered = Object.values(RetentionDays).filter((days) => typeof days === 'number' && Number(days) !== 9999);
  if (offered.map(Number).includes(Number(given))) return Number(given);
  throw new Error(
    `Context value logRetentionDays must be one of ${offered.join(', ')}; it is ${JSON.stringify(given)}.`,
  );
}

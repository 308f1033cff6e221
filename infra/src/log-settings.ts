import { RetentionDays } from 'aws-cdk-lib/aws-logs';
import type { Construct } from 'constructs';

const levels = ['DEBUG', 'INFO', 'WARN', 'ERROR'];
const defaultDays = RetentionDays.ONE_MONTH;

/**
 * The lowest level that functions log: the context value `logLevel`, or INFO.
 * @throws Error when the value is not a level
 */
export function logLevel(scope: Construct): string {
  const given: unknown = scope.node.tryGetContext('logLevel') ?? 'INFO';
  if (typeof given === 'string' && levels.includes(given)) return given;
  throw new Error(`Context value logLevel must be one of ${levels.join(', ')}; it is ${JSON.stringify(given)}.`);
}

/**
 * The retention of log groups in days: the context value `logRetentionDays`, or 30.
 * @throws Error when CloudWatch does not offer that number of days
 */
export function logRetention(scope: Construct): RetentionDays {
  const given: unknown = scope.node.tryGetContext('logRetentionDays') ?? defaultDays;
  // 9999 is the CDK's value for "never expires"; CloudWatch does not accept it as a number of days.
  const offered = Object.values(RetentionDays).filter((days) => typeof days === 'number' && Number(days) !== 9999);
  if (offered.map(Number).includes(Number(given))) return Number(given);
  throw new Error(
    `Context value logRetentionDays must be one of ${offered.join(', ')}; it is ${JSON.stringify(given)}.`,
  );
}

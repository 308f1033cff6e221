import { randomUUID } from 'node:crypto';
import { ACCOUNT_ID, REGION } from '../account.ts';
import type { FunctionPool } from './function-pool.ts';

/** A rule with a rate that invokes a function. */
export interface Schedule {
  ruleArn: string;
  functionName: string;
  everyMilliseconds: number;
}

/**
 * Invokes the function at its rate, as EventBridge does: the first time after one period.
 * @returns a function that ends it
 */
export function startSchedule(
  { ruleArn, functionName, everyMilliseconds }: Schedule,
  functions: Pick<FunctionPool, 'invoke'>,
  now: () => Date = () => new Date(),
): () => void {
  const timer = setInterval(() => {
    const event = {
      version: '0',
      id: randomUUID(),
      'detail-type': 'Scheduled Event',
      source: 'aws.events',
      account: ACCOUNT_ID,
      time: now()
        .toISOString()
        .replace(/\.\d+Z$/, 'Z'),
      region: REGION,
      resources: [ruleArn],
      detail: {},
    };
    // The pool reports a failed invocation.
    void functions.invoke(functionName, event);
  }, everyMilliseconds).unref();
  return () => clearInterval(timer);
}

const units: Readonly<Record<string, number>> = { minute: 60_000, hour: 3600_000, day: 24 * 3600_000 };

/**
 * Reads `rate(5 minutes)`. EventBridge wants the singular for 1 and the plural for more
 * (https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-scheduled-rule-pattern.html).
 * @returns milliseconds; undefined for another expression
 */
export function readRate(expression: string): number | undefined {
  const [, number, unit, plural] = /^rate\(([1-9]\d*) (minute|hour|day)(s?)\)$/.exec(expression) ?? [];
  if (unit === undefined || (number === '1') === (plural === 's')) return undefined;
  return Number(number) * units[unit]!;
}

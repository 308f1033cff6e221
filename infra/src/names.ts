import { type Construct } from 'constructs';

/** The value of the SSM parameter `api/authorizer-id` if the API has no authorizer. */
export const noAuthorizer = 'none';

/** What a copy of the airline is for. Copies of both stages fit into one account. */
export type Stage = 'staging' | 'production';

/**
 * The context value `stage` (`cdk deploy -c stage=staging`), or `production`.
 * @throws Error when there is no such stage
 */
export function stageOf(scope: Construct): Stage {
  const stage: unknown = scope.node.tryGetContext('stage') ?? 'production';
  if (stage === 'staging' || stage === 'production') return stage;
  throw new Error(`Context value stage must be staging or production; it is ${JSON.stringify(stage)}.`);
}

/**
 * The prefix of all physical names and parameter paths of one copy of the airline: the context value `name`
 * (`cdk deploy -c name=airline-test`), or `airline`; in the stage `staging` followed by `-staging`. Copies with
 * different names or stages fit into one account.
 * @throws Error when the name has a form that some resource would not accept, or is another copy's name in staging
 */
export function airlineName(scope: Construct): string {
  const name: unknown = scope.node.tryGetContext('name') ?? 'airline';
  if (typeof name !== 'string' || !/^[a-z][a-z0-9-]{0,30}$/.test(name)) {
    throw new Error(
      `Context value name must be 1 to 31 lower-case letters, digits and hyphens, and begin with a letter; it is ${JSON.stringify(name)}.`,
    );
  }
  if (name.endsWith(stagingSuffix)) {
    throw new Error(
      `Context value name must not end with ${stagingSuffix}, which the stage adds: ` +
        `type -c name=${name.slice(0, -stagingSuffix.length)} -c stage=staging.`,
    );
  }
  return stageOf(scope) === 'staging' ? `${name}${stagingSuffix}` : name;
}

const stagingSuffix = '-staging';

/** The name of a service's stack, queue or table, e.g. `airline-seats`. */
export function serviceName(scope: Construct, service: string): string {
  return `${airlineName(scope)}-${service}`;
}

/** The path of an SSM parameter, e.g. `/airline/bus/name`. Stacks and commands find another stack's resources by it. */
export function parameterName(scope: Construct, ...path: string[]): string {
  return `/${[airlineName(scope), ...path].join('/')}`;
}

/**
 * A number of seconds that an operator can set by a context value (`-c holdGraceSeconds=120`).
 * @throws Error when the value is not a whole number within the limits
 */
export function secondsFromContext(scope: Construct, key: string, limits: Limits): number {
  return wholeNumberFromContext(scope, key, 'a whole number of seconds', limits);
}

/**
 * A number that an operator can set by a context value (`-c consumerConcurrency=2`).
 * @throws Error when the value is not a whole number within the limits
 */
export function countFromContext(scope: Construct, key: string, limits: Limits): number {
  return wholeNumberFromContext(scope, key, 'a whole number', limits);
}

function wholeNumberFromContext(
  scope: Construct,
  key: string,
  what: string,
  { byDefault, minimum, maximum }: Limits,
): number {
  const given: unknown = scope.node.tryGetContext(key) ?? byDefault;
  const number = Number(given);
  if (!Number.isInteger(number) || number < minimum || number > maximum) {
    const limits = `from ${minimum} to ${maximum}`;
    throw new Error(`Context value ${key} must be ${what} ${limits}; it is ${JSON.stringify(given)}.`);
  }
  return number;
}

interface Limits {
  byDefault: number;
  minimum: number;
  maximum: number;
}

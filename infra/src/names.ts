import { type Construct } from 'constructs';

/** The value of the SSM parameter `api/authorizer-id` if the API has no authorizer. */
export const noAuthorizer = 'none';

/**
 * The prefix of all physical names and parameter paths of one copy of the airline: the context value `name`
 * (`cdk deploy -c name=airline-test`), or `airline`. Two copies with different names fit into one account.
 * @throws Error when the name has a form that some resource would not accept
 */
export function airlineName(scope: Construct): string {
  const name = (scope.node.tryGetContext('name') as string | undefined) ?? 'airline';
  if (!/^[a-z][a-z0-9-]{0,30}$/.test(name)) {
    throw new Error(
      `Context value name must be 1 to 31 lower-case letters, digits and hyphens, and begin with a letter; it is ${JSON.stringify(name)}.`,
    );
  }
  return name;
}

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

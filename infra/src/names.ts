import { type Construct } from 'constructs';

/**
 * The name that all physical names and parameter paths of one copy of the airline begin with: `airline`, or another by the
 * context value `name` (`cdk deploy -c name=airline-test`), so that two copies fit into one account.
 * @throws Error when the name would not fit where it is used
 */
export function airlineName(scope: Construct): string {
  const name = (scope.node.tryGetContext('name') as string | undefined) ?? 'airline';
  if (!/^[a-z][a-z0-9-]{0,30}$/.test(name)) {
    throw new Error(
      `Context value name must be 1 to 31 lower-case letters, digits and hyphens, beginning with a letter; it is ${JSON.stringify(name)}.`,
    );
  }
  return name;
}

/** Name of a stack, a queue or a table of one service. */
export function serviceName(scope: Construct, service: string): string {
  return `${airlineName(scope)}-${service}`;
}

/** Path of a parameter by which stacks and commands find what another stack made. */
export function parameterName(scope: Construct, ...path: string[]): string {
  return `/${[airlineName(scope), ...path].join('/')}`;
}

/**
 * A number of seconds that an operator may set by context (`-c holdGraceSeconds=120`).
 * @throws Error when it is no whole number within the limits
 */
export function secondsFromContext(scope: Construct, key: string, limits: Limits): number {
  return wholeNumberFromContext(scope, key, 'a whole number of seconds', limits);
}

/**
 * A number that an operator may set by context (`-c consumerConcurrency=2`).
 * @throws Error when it is no whole number within the limits
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

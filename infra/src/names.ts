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
export function secondsFromContext(scope: Construct, key: string, limits: NumberLimits): number {
  return numberFromContext(scope, key, { ...limits, unit: ' of seconds' });
}

/**
 * A whole number that an operator may set by context (`-c apiRateLimit=100`).
 * @throws Error when it is no whole number within the limits
 */
export function numberFromContext(
  scope: Construct,
  key: string,
  { byDefault, minimum, maximum, unit = '' }: NumberLimits & { unit?: string },
): number {
  const given: unknown = scope.node.tryGetContext(key) ?? byDefault;
  const number = Number(given);
  if (!Number.isInteger(number) || number < minimum || number > maximum) {
    const limits = `from ${minimum} to ${maximum}`;
    throw new Error(`Context value ${key} must be a whole number${unit} ${limits}; it is ${JSON.stringify(given)}.`);
  }
  return number;
}

interface NumberLimits {
  byDefault: number;
  minimum: number;
  maximum: number;
}

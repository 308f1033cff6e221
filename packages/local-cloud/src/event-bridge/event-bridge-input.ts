import { AwsError } from '../aws-error.ts';

/** The members of a request to EventBridge, in its JSON protocol. */
export type Input = Record<string, unknown>;

/** A page of at most `Limit` items (1 to 100). NextToken is the position of the next item. */
export function page(items: unknown[], member: string, input: Input): unknown {
  const limit = input.Limit ?? 100;
  const start = Number(input.NextToken ?? 0);
  if (typeof limit !== 'number' || limit < 1 || limit > 100) {
    const problem = "Value at 'limit' failed to satisfy constraint: Member must have value between 1 and 100";
    throw new AwsError('ValidationException', `1 validation error detected: ${problem}`);
  }
  if (!Number.isInteger(start) || start < 0)
    throw new AwsError('ValidationException', 'Parameter NextToken is not valid.');
  const end = start + limit;
  return { [member]: items.slice(start, end), NextToken: end < items.length ? String(end) : undefined };
}

export function requiredText(input: Input, member: string): string {
  const value = optionalText(input, member);
  if (value === undefined) {
    const name = member.charAt(0).toLowerCase() + member.slice(1);
    const problem = `Value null at '${name}' failed to satisfy constraint: Member must not be null`;
    throw new AwsError('ValidationException', `1 validation error detected: ${problem}`);
  }
  return value;
}

export function optionalText(input: Input, member: string): string | undefined {
  const value = input[member];
  if (value !== undefined && value !== null && typeof value !== 'string') {
    throw new AwsError('SerializationException', `${member} must be a string.`);
  }
  return value ?? undefined;
}

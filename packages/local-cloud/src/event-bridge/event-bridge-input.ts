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

/** What EventBridge admits as the name or the ARN of a bus. */
const busPattern = /^(arn:aws[\w-]*:events:[a-z]+-[a-z]+-[\w-]+:\d{12}:event-bus\/)?[/.\-_A-Za-z0-9]+$/;
const MAX_BUS_NAME = 1600;

/** @param member the place in the request, for the message. @throws AwsError for a text that cannot be a bus */
export function refuseBusName(nameOrArn: string | null | undefined, member: string): void {
  if (nameOrArn === undefined || nameOrArn === null) return;
  const problems: string[] = [];
  if (nameOrArn === '') problems.push('Member must have length greater than or equal to 1');
  if (nameOrArn.length > MAX_BUS_NAME) problems.push(`Member must have length less than or equal to ${MAX_BUS_NAME}`);
  if (!busPattern.test(nameOrArn))
    problems.push(
      `Member must satisfy regular expression pattern: ${busPattern.source.replaceAll('\\/', '/').slice(1, -1)}`,
    );
  if (problems.length === 0) return;
  const count = `${problems.length} validation error${problems.length === 1 ? '' : 's'} detected`;
  const each = problems.map(
    (problem) => `Value '${nameOrArn}' at '${member}' failed to satisfy constraint: ${problem}`,
  );
  throw new AwsError('ValidationException', `${count}: ${each.join('; ')}`);
}

/**
 * The name of a bus of this account and region, from its name or its ARN.
 * @throws AwsError `AccessDeniedException` for a bus of another account, which no bus policy here admits
 * @throws AwsError `ValidationException` for a bus of another region
 */
export function busNameOf(nameOrArn: string, home: { accountId: string; region: string }): string {
  const [, region, account, name] = /^arn:[^:]+:events:([^:]*):([^:]*):event-bus\/(.+)$/.exec(nameOrArn) ?? [];
  if (name === undefined) return nameOrArn;
  if (region !== home.region) throw new AwsError('ValidationException', 'Cross-region API call is not allowed.');
  if (account !== home.accountId) {
    const reason = 'because no resource-based policy allows this action';
    throw new AwsError('AccessDeniedException', `Not authorized to access the event bus ${nameOrArn} ${reason}.`);
  }
  return name;
}

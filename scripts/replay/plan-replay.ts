import {
  type Archive,
  DescribeArchiveCommand,
  DescribeEventBusCommand,
  ListArchivesCommand,
  ListRulesCommand,
  type Rule,
} from '@aws-sdk/client-eventbridge';
import { ago } from '../cli/format.ts';
import type { Target } from '../airline/target.ts';
import { UsageError } from '../cli/usage-error.ts';

export interface Wish {
  from: Date;
  to: Date;
  /** Names; none means all rules of the bus. */
  rules: readonly string[];
}

export interface Plan {
  busArn: string;
  archive: {
    name: string;
    arn: string;
    /** All that it holds, as far as it is told. */
    events: number;
    /** 0: for ever. */
    days: number;
  };
  from: Date;
  to: Date;
  rules: { name: string; arn: string; description: string }[];
  /** What whoever confirms should know. */
  notes: string[];
}

const dayMilliseconds = 24 * 3600 * 1000;
/** AWS: an event may take that long to get into the archive. */
const archivedAfterMilliseconds = 10 * 60 * 1000;

/** What a replay would do. @throws UsageError when it cannot be done as wished */
export async function planReplay(target: Target, { from, to, rules }: Wish, now = Date.now()): Promise<Plan> {
  if (from >= to) throw new UsageError(`--from (${from.toISOString()}) must be before --to (${to.toISOString()}).`);
  if (to.getTime() > now)
    throw new UsageError(`--to (${to.toISOString()}) is still to come. Leave it out to replay until now.`);
  const busName = (await target.parameters()).get('bus/name')!;
  const { Arn: busArn } = await target.eventBridge.send(new DescribeEventBusCommand({ Name: busName }));
  const archive = await archiveOf(target, busArn!, busName);

  const notes: string[] = [];
  const oldest = archive.days === 0 ? -Infinity : now - archive.days * dayMilliseconds;
  if (to.getTime() < oldest) {
    throw new UsageError(
      `The archive keeps events for ${archive.days} days; nothing is left from before ${new Date(oldest).toISOString()}.`,
    );
  }
  if (from.getTime() < oldest)
    notes.push(`The archive keeps events for ${archive.days} days: the first of that time are gone.`);
  if (target.endpoint === undefined && now - to.getTime() < archivedAfterMilliseconds) {
    notes.push(
      `The time ends ${ago(now - to.getTime())} ago: AWS may need ten minutes to archive an event, and the last may be missed.`,
    );
  }
  return { busArn: busArn!, archive, from, to, rules: await chosenRules(target, busName, rules), notes };
}

async function archiveOf(target: Target, busArn: string, busName: string): Promise<Plan['archive']> {
  const { Archives: found = [] } = await target.eventBridge.send(new ListArchivesCommand({ EventSourceArn: busArn }));
  const enabled = found.filter(({ State }) => State === undefined || State === 'ENABLED');
  if (enabled.length !== 1) {
    const problem =
      enabled.length === 0
        ? `has no archive${stateOf(found)}`
        : `has ${enabled.length} archives (${enabled.map(({ ArchiveName }) => ArchiveName).join(', ')})`;
    throw new UsageError(
      `The bus ${busName} ${problem}; the platform stack makes one. Deploy it: \`pnpm --filter @airline/infra run deploy\`.`,
    );
  }
  const { ArchiveName: name, EventCount = 0, RetentionDays = 0 } = enabled[0]!;
  const { ArchiveArn } = await target.eventBridge.send(new DescribeArchiveCommand({ ArchiveName: name }));
  return { name: name!, arn: ArchiveArn!, events: EventCount, days: RetentionDays };
}

function stateOf([archive]: Archive[]): string {
  return archive ? ` that is enabled (${archive.ArchiveName} is ${archive.State})` : '';
}

async function chosenRules(target: Target, busName: string, names: readonly string[]): Promise<Plan['rules']> {
  const all: Rule[] = [];
  let NextToken: string | undefined;
  do {
    const page = await target.eventBridge.send(
      new ListRulesCommand({ EventBusName: busName, ...(NextToken && { NextToken }) }),
    );
    all.push(...(page.Rules ?? []));
    NextToken = page.NextToken;
  } while (NextToken);
  // The archive itself listens by a rule that AWS manages, and takes nothing twice.
  const rules = all
    .filter(({ ManagedBy, EventPattern }) => !ManagedBy && EventPattern)
    .sort((a, b) => a.Name!.localeCompare(b.Name!));
  const unknown = names.filter((name) => !rules.some(({ Name }) => Name === name));
  if (unknown.length > 0) {
    throw new UsageError(
      `The bus ${busName} has no rule ${unknown.join(', ')}. It has ${rules.map(({ Name }) => Name).join(', ') || 'none'}.`,
    );
  }
  const chosen =
    names.length === 0
      ? rules.filter(({ State }) => State !== 'DISABLED')
      : rules.filter(({ Name }) => names.includes(Name!));
  if (chosen.length === 0)
    throw new UsageError(`The bus ${busName} has no rules: no service is deployed that could hear a replay.`);
  const disabled = chosen.filter(({ State }) => State === 'DISABLED');
  if (disabled.length > 0) {
    throw new UsageError(
      `${disabled.map(({ Name }) => Name).join(', ')} is disabled, and brings nothing. Enable it, or leave it out.`,
    );
  }
  return chosen.map(({ Name, Arn, Description = '' }) => ({ name: Name!, arn: Arn!, description: Description }));
}

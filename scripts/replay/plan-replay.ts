import {
  type Archive,
  DescribeArchiveCommand,
  DescribeEventBusCommand,
  ListArchivesCommand,
  ListRulesCommand,
  type Rule,
} from '@aws-sdk/client-eventbridge';
import type { Target } from '../airline/target.ts';
import { ago } from '../cli/format.ts';
import { UsageError } from '../cli/usage-error.ts';

interface ReplayWish {
  from: Date;
  to: Date;
  /** Names of rules. Empty means all rules of the bus. */
  rules: readonly string[];
  /** The name of an archive. @default the only one of the bus */
  archive?: string | undefined;
}

export interface Plan {
  busArn: string;
  archive: {
    name: string;
    arn: string;
    /** The number of its events, by AWS's count. */
    events: number;
    /** How long it keeps events; 0 means for ever. */
    days: number;
  };
  from: Date;
  to: Date;
  rules: { name: string; arn: string; description: string }[];
  /** Limits of this replay, as sentences. */
  notes: string[];
}

const dayMilliseconds = 24 * 3600 * 1000;
/** AWS: an event may take this long to get into the archive. */
const archivedAfterMilliseconds = 10 * 60 * 1000;

/** Checks a wish and finds archive and rules. @throws UsageError when the wish cannot be fulfilled */
export async function planReplay(
  target: Target,
  { from, to, rules, archive: wanted }: ReplayWish,
  now = Date.now(),
): Promise<Plan> {
  if (from >= to) throw new UsageError(`--from (${from.toISOString()}) must be before --to (${to.toISOString()}).`);
  if (to.getTime() > now)
    throw new UsageError(`--to (${to.toISOString()}) is still to come. Leave it out to replay until now.`);
  const busName = (await target.parameters()).get('bus/name')!;
  const { Arn: busArn } = await target.eventBridge.send(new DescribeEventBusCommand({ Name: busName }));
  const archive = await archiveOf(target, busArn!, busName, wanted);

  const notes: string[] = [];
  const oldest = archive.days === 0 ? -Infinity : now - archive.days * dayMilliseconds;
  if (to.getTime() < oldest) {
    throw new UsageError(
      `The archive keeps events for ${archive.days} days. It has none from before ${new Date(oldest).toISOString()}.`,
    );
  }
  if (from.getTime() < oldest)
    notes.push(`The archive keeps events for ${archive.days} days. Older events of that time are gone.`);
  if (target.endpoint === undefined && now - to.getTime() < archivedAfterMilliseconds) {
    notes.push(
      `The time ends ${ago(now - to.getTime())} ago. AWS may take ten minutes to archive an event, ` +
        'so the last events may be missing.',
    );
  }
  return { busArn: busArn!, archive, from, to, rules: await chosenRules(target, busName, rules), notes };
}

/** A platform that was removed and deployed again has two: the old one is kept, and the new one begins empty. */
async function archiveOf(target: Target, busArn: string, busName: string, wanted?: string): Promise<Plan['archive']> {
  const { Archives: found = [] } = await target.eventBridge.send(new ListArchivesCommand({ EventSourceArn: busArn }));
  const enabled = found.filter(({ State }) => State === undefined || State === 'ENABLED');
  if (enabled.length === 0) {
    throw new UsageError(
      `The bus ${busName} has no archive${stateOf(found)}. ` +
        'The platform stack creates one: `pnpm --filter @airline/infra run deploy`.',
    );
  }
  const choice = enabled
    .toSorted((one, other) => Number(other.CreationTime ?? 0) - Number(one.CreationTime ?? 0))
    .map(
      ({ ArchiveName, CreationTime }) => `${ArchiveName} (since ${CreationTime?.toISOString() ?? 'an unknown time'})`,
    )
    .join(', ');
  if (wanted === undefined && enabled.length > 1)
    throw new UsageError(`The bus ${busName} has several archives. Choose one with --archive: ${choice}.`);
  const archive = wanted === undefined ? enabled[0] : enabled.find(({ ArchiveName }) => ArchiveName === wanted);
  if (!archive) throw new UsageError(`The bus ${busName} has no archive ${wanted} that is enabled. It has ${choice}.`);
  const { ArchiveName: name, EventCount = 0, RetentionDays = 0 } = archive;
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
  // The archive has a rule, too, which AWS manages. It takes no replayed events.
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
    throw new UsageError(`The bus ${busName} has no rules, so no service would receive the events.`);
  const disabled = chosen.filter(({ State }) => State === 'DISABLED');
  if (disabled.length > 0) {
    throw new UsageError(
      `${disabled.map(({ Name }) => Name).join(', ')} is disabled and delivers nothing. Enable it, or leave it out.`,
    );
  }
  return chosen.map(({ Name, Arn, Description = '' }) => ({ name: Name!, arn: Arn!, description: Description }));
}

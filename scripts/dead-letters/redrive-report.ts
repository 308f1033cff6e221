/** The output of `pnpm dlq redrive` for a person. */
import { maskAddresses } from '@airline/events-schemas/personal-data';
import { pc } from '../cli/colors.ts';
import { ago, counted, table } from '../cli/format.ts';
import { type DeadLetter, hiddenWarnings } from './dead-letters.ts';
import { type Redriven, willComeBack } from './redrive.ts';

/** Letters that are dead for the same reason. */
export interface Group extends Pick<DeadLetter, 'kind' | 'reason' | 'detailType'> {
  messages: number;
  /** RFC 3339 UTC. */
  oldest: string;
  willComeBack: boolean;
}

/** Groups letters by queue, reason and event, without addresses in these. The largest group comes first. */
export function groupsOf(letters: readonly DeadLetter[]): Group[] {
  const groups = new Map<string, Group>();
  for (const letter of letters) {
    const { kind, firstSeen } = letter;
    const reason = maskAddresses(letter.reason);
    const detailType = letter.detailType === undefined ? undefined : maskAddresses(letter.detailType);
    const key = JSON.stringify([kind, reason, detailType]);
    const group = groups.get(key) ?? {
      kind,
      reason,
      ...(detailType !== undefined && { detailType }),
      messages: 0,
      oldest: firstSeen,
      willComeBack: willComeBack(letter),
    };
    group.messages += 1;
    if (firstSeen < group.oldest) group.oldest = firstSeen;
    groups.set(key, group);
  }
  return [...groups.values()].sort((a, b) => b.messages - a.messages);
}

/** What a redrive of letters in these groups would do. */
export function describeDryRun(service: string, groups: readonly Group[]): string {
  if (groups.length === 0) return `Nothing to redrive in ${service}.`;
  const rows = groups.map(({ kind, reason, detailType, messages, oldest, willComeBack }) => [
    String(messages),
    detailType ?? 'not an event',
    reason,
    kind,
    `${ago(Date.now() - Date.parse(oldest))} ago`,
    willComeBack ? pc.yellow('will come back') : '',
  ]);
  const returning = messagesIn(groups.filter((group) => group.willComeBack));
  return [
    table(['Messages', 'Event', 'Reason', 'Queue', 'Oldest', ''], rows),
    ...(returning > 0
      ? [
          pc.yellow(
            `\n${counted(returning, 'message')} will come back: ` +
              'this version of the consumer can never handle them.',
          ),
          pc.yellow(
            `\`pnpm dlq export ${service} FILE\` and then \`pnpm dlq drop ${service} FILE\` remove such messages.`,
          ),
        ]
      : []),
    `\nNothing was moved. With --confirm, ${counted(messagesIn(groups), 'message')} would go back to the queue of ${service}.`,
  ].join('\n');
}

/** What a redrive did. */
export function describeRedriven({
  service,
  redriven,
  failed,
  doubled,
  cameBack,
  left,
  hidden,
  stopped,
}: Redriven & { service: string }): string {
  const failures = failed.slice(0, 5).map(({ messageId, error }) => `  ${messageId}: ${error}`);
  return [
    `${stopped ? pc.yellow('Stopped. ') : ''}${counted(redriven, 'message')} ` +
      `${redriven === 1 ? 'is' : 'are'} back in the queue of ${service}.`,
    ...(left > 0 && !stopped ? [`${counted(left, 'message')} did not match or were beyond --max, and stayed.`] : []),
    ...(failed.length > 0
      ? [pc.red(`${counted(failed.length, 'message')} could not be sent and stayed:`), ...failures]
      : []),
    ...(doubled.length > 0
      ? [
          pc.yellow(
            `${counted(doubled.length, 'message')} of these could not be deleted from the dead-letter queue. ` +
              'Redriving them again is harmless.',
          ),
        ]
      : []),
    ...(cameBack > 0
      ? [pc.yellow(`${counted(cameBack, 'message')} came back at once. \`pnpm dlq show ${service}\` shows the reason.`)]
      : []),
    ...hiddenWarnings(hidden),
    ...(stopped ? ['The same command continues.'] : []),
    pc.dim('`pnpm dlq list` shows what is stuck now.'),
  ].join('\n');
}

function messagesIn(groups: readonly Group[]): number {
  return groups.reduce((sum, { messages }) => sum + messages, 0);
}

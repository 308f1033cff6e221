/** The output of `pnpm dlq redrive` for a person. */
import { pc } from '../cli/colors.ts';
import { counted } from '../cli/format.ts';
import { wrapped } from '../cli/wrap.ts';
import { hiddenWarnings, type LookedAt, lookWarnings } from './dead-letters.ts';
import { describeGroups, describeUnreadLogs, type Display } from './describe-groups.ts';
import type { LetterGroup } from './groups.ts';
import type { Redriven } from './redrive.ts';
import type { UnreadLog } from './tries.ts';

interface DryRun {
  service: string | undefined;
  groups: readonly LetterGroup[];
  queues: readonly LookedAt[];
  unreadLogs: readonly UnreadLog[];
}

/** What a redrive of letters in these groups would do. */
export function describeDryRun({ service, groups, queues, unreadLogs }: DryRun, display: Display): string {
  const warnings = [...lookWarnings(queues), ...describeUnreadLogs(unreadLogs)];
  if (groups.length === 0)
    return [`Nothing to redrive${service === undefined ? '' : ` in ${service}`}.`, ...warnings].join('\n');
  const returning = groups.filter((group) => group.willComeBack);
  const file = `${service ?? 'SERVICE'} FILE`;
  const putAway = returning.length === 1 ? `${file} --group ${returning[0]!.key}` : file;
  const where = service === undefined ? 'their queues' : `the queue of ${service}`;
  return [
    describeGroups(groups, display),
    ...(returning.length > 0
      ? [
          pc.yellow(
            wrapped(
              `\n${counted(messagesIn(returning), 'message')} will come back: this version of the consumer can never ` +
                `handle them. \`pnpm dlq export ${putAway}\` and then \`pnpm dlq drop ${file}\` remove such messages.`,
              display.width,
            ),
          ),
        ]
      : []),
    ...(warnings.length > 0 ? ['', ...warnings] : []),
    `\nNothing was moved. With --confirm, ${counted(messagesIn(groups), 'message')} would go back to ${where}.`,
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
}: Redriven & { service: string | undefined }): string {
  const failures = failed.slice(0, 5).map(({ messageId, error }) => `  ${messageId}: ${error}`);
  return [
    `${stopped ? pc.yellow('Stopped. ') : ''}${counted(redriven, 'message')} ` +
      `${redriven === 1 ? 'is' : 'are'} back in ${service === undefined ? 'their queues' : `the queue of ${service}`}.`,
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
      ? [
          pc.yellow(
            `${counted(cameBack, 'message')} came back at once. \`pnpm dlq ${service === undefined ? 'list' : `show ${service}`}\` shows the reason.`,
          ),
        ]
      : []),
    ...hiddenWarnings(hidden),
    ...(stopped ? ['The same command continues.'] : []),
    pc.dim('`pnpm dlq list` shows what is stuck now.'),
  ].join('\n');
}

function messagesIn(groups: readonly LetterGroup[]): number {
  return groups.reduce((sum, { messages }) => sum + messages, 0);
}

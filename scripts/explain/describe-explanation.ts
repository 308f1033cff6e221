/** The output of `pnpm explain` for a person. */
import { pc } from '../cli/colors.ts';
import { ago, clock } from '../cli/format.ts';
import type { Evidence } from './evidence.ts';
import type { Explanation } from './explain-booking.ts';
import type { LogLine } from '../airline/message-log.ts';
import { type Words } from './sentences.ts';

export interface Explained {
  explanation: Explanation;
  words: Words;
  evidence: Evidence;
}

const lastLines = 6;
const longestError = 160;

export function describeExplained({ explanation, words, evidence }: Explained): string {
  const { sentence, advice, type } = words;
  const color = explanation.state === 'settled' ? pc.green : explanation.state === 'waiting' ? pc.yellow : pc.red;
  return [
    color(pc.bold(sentence)),
    ...(advice === undefined ? [] : [advice]),
    ...(type === undefined ? [] : [`  ${pc.cyan(type)}`]),
    '',
    ...recordsOf(evidence).map((line) => pc.dim(line)),
    ...evidence.lines.slice(-lastLines).map((line) => pc.dim(lineOf(line))),
    ...evidence.unread.map(({ source, why }) => pc.yellow(`not read: ${source} (${why})`)),
  ].join('\n');
}

function recordsOf({ readAt, facts, seats, payment, receipts, letters, queues, provider }: Evidence): string[] {
  const record = (name: string, words: string | undefined): string[] =>
    words === undefined ? [] : [`${name.padEnd(9)} ${words}`];
  const age = (time: string): string => `${ago(Date.parse(readAt) - Date.parse(time))} ago`;
  const last = facts.toSorted((a, b) => a.heardAt.localeCompare(b.heardAt)).at(-1);
  const filled = Object.entries(queues).filter(([, { waiting, inFlight }]) => waiting + inFlight > 0);
  return [
    ...record('status', last && `heard ${facts.map(({ type }) => type).join(', ')}; the last ${age(last.heardAt)}`),
    ...record(
      'seats',
      seats && `${seats.state}${'seats' in seats ? ` ${seats.flightId} ${seats.seats.join(', ')}` : ''}`,
    ),
    ...record('payments', payment?.state),
    ...record(
      'provider',
      provider &&
        (provider.answers
          ? `answers${provider.charge ? `; the charge is ${provider.charge}` : ''}${provider.refusal ? '; it refused the question' : ''}`
          : 'does not answer'),
    ),
    ...record(
      'receipts',
      receipts && (receipts.receipt ? `sent ${receipts.receipt.number}` : `heard ${receipts.heard.join(', ')}`),
    ),
    ...letters.map(
      ({ service, kind, detailType, reason, firstSeen }) =>
        `dead letter of ${service} (${kind}): ${detailType}, ${reason}, ${age(firstSeen)}`,
    ),
    ...record(
      'queues',
      filled.length === 0
        ? undefined
        : filled
            .map(([service, { waiting, inFlight }]) => `${service}: ${waiting} waiting, ${inFlight} in flight`)
            .join('; '),
    ),
  ];
}

function lineOf({
  service,
  kind,
  at,
  detailType,
  receiveCount,
  durationMs,
  queueWaitMs,
  said,
  error,
  reason,
}: LogLine): string {
  const details = [
    queueWaitMs === undefined ? undefined : `waited ${queueWaitMs} ms`,
    durationMs === undefined ? undefined : `took ${durationMs} ms`,
    said && said.length > 0 ? `said ${said.join(', ')}` : undefined,
    reason,
    error === undefined ? undefined : error.slice(0, longestError),
  ].filter((detail) => detail !== undefined);
  const attempt = receiveCount === undefined ? '' : ` (try ${receiveCount})`;
  return `${clock(at)} ${service.padEnd(9)} ${kind} ${detailType}${attempt}${details.length > 0 ? `: ${details.join(', ')}` : ''}`;
}

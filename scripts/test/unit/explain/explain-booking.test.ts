import { readFileSync } from 'node:fs';
import path from 'node:path';
import { beforeAll, describe, expect, test } from '@jest/globals';
import type { PaymentRecord } from '../../../../packages/payments/src/domain.ts';
import type { SeatsRecord } from '../../../../packages/seats/src/domain.ts';
import type { Fact, FactType } from '../../../../packages/status/src/domain.ts';
import { workspaceRoot } from '../../../cli/workspace.ts';
import type { Evidence, Letter, QueueCounts, ReceiptsSummary } from '../../../explain/evidence.ts';
import { explainBooking } from '../../../explain/explain-booking.ts';
import type { LogLine } from '../../../airline/message-log.ts';
import { wordsFor } from '../../../explain/sentences.ts';
import { loadSubscriptions, type SubscriptionsOfServices } from '../../../protocol/subscriptions.ts';

const bookingId = 'c0ffee00-0000-4000-8000-000000000001';
const readAt = '2026-12-01T10:00:00.000Z';
const at = (minutesAgo: number): string => new Date(Date.parse(readAt) - minutesAgo * 60_000).toISOString();
const flight = { flightId: 'KL1001-20261218', seats: ['12A'] };
const fare = { amountMinor: 8100, currency: 'EUR' };
const causedBy = { metadata: { eventId: `${bookingId}.BookingRequested` } };
const services = ['bookings', 'payments', 'receipts', 'seats', 'status'];

const contents: { [T in FactType]: Fact<T>['data'] } = {
  BookingRequested: { ...flight, ...fare, requestedAt: at(10) },
  BookingCancelled: { cancelledAt: at(10) },
  SeatBooked: { ...flight, ...fare },
  SeatUnavailable: { ...flight, unavailableSeats: ['12A'], reason: 'taken' },
  SeatReleased: { ...flight, reason: 'payment-failed' },
  PaymentOk: fare,
  PaymentFailed: { reason: 'declined', declineCode: 'generic_decline' },
  PaymentRefunded: { reason: 'seat-unavailable' },
  ReceiptIssued: { receiptNumber: 'R-1' },
};

function facts(...types: FactType[]): Fact[] {
  return types.map((type) => ({
    ...{ type, data: contents[type], eventId: `${bookingId}.${type}` },
    ...{ occurredAt: at(10), heardAt: at(10), service: 'any' },
  })) as Fact[];
}

const requested = { payment: { method: 'pm_card_visa', ...fare }, causedBy };
const held: SeatsRecord = { state: 'HELD', ...flight, ...fare, at: at(10), causedBy, holdExpiresAt: at(-5) };
const sold: SeatsRecord = { state: 'SOLD', ...flight, ...fare, at: at(10), causedBy };
const charging: PaymentRecord = { state: 'CHARGING', ...requested };
const charged: PaymentRecord = { state: 'CHARGED', ...requested, paymentId: 'pi_1', paidAt: at(10), at: at(10) };
const receipt: ReceiptsSummary['receipt'] = { number: 'R-1', issuedAt: at(10), messageId: 'm' };
const all: FactType[] = ['BookingRequested', 'SeatBooked', 'PaymentOk', 'ReceiptIssued'];

function line(service: string, detailType: string, kind: LogLine['kind'], more: Partial<LogLine> = {}): LogLine {
  return { service, detailType, kind, at: at(9), messageId: 'm', receiveCount: 2, ...more };
}

function letter(service: string, detailType: string, reason: string, more: Partial<Letter> = {}): Letter {
  return { service, kind: 'unhandled', detailType, reason, firstSeen: at(9), willComeBack: false, ...more };
}

function queuesWith(service: string, counts: Partial<QueueCounts>): Evidence['queues'] {
  const empty: QueueCounts = { waiting: 0, inFlight: 0, maxReceiveCount: 5 };
  return Object.fromEntries(services.map((each) => [each, { ...empty, ...(each === service && counts) }]));
}

function evidenceOf(found: Partial<Evidence>): Evidence {
  return {
    ...{ bookingId, readAt, facts: [], letters: [], lost: [], lines: [], unread: [] },
    queues: queuesWith('', {}),
    ...found,
  };
}

/** The booking waits for payments, which has not got the request, or has. */
const unpaid: Partial<Evidence> = {
  facts: facts('BookingRequested', 'SeatBooked'),
  seats: held,
  receipts: { heard: ['BookingRequested', 'SeatBooked'], hasRefundNotice: false },
};
const confirmed: Partial<Evidence> = {
  facts: facts(...all),
  seats: sold,
  payment: charged,
  receipts: { heard: ['BookingRequested', 'SeatBooked', 'PaymentOk'], receipt, hasRefundNotice: false },
};
const failed = line('payments', 'BookingRequested', 'failed', { error: 'Error: down', nextTryAt: at(-1) });

let subscriptions: SubscriptionsOfServices;
beforeAll(async () => {
  subscriptions = await loadSubscriptions();
});

function explain(found: Partial<Evidence>) {
  const explanation = explainBooking(evidenceOf(found), 'airline', subscriptions);
  return { explanation, ...wordsFor(explanation) };
}

interface Row {
  name: string;
  found: Partial<Evidence>;
  state: 'settled' | 'waiting' | 'unknown';
  says: string;
  type?: string;
}

const waits = 'It waits for payments to say PaymentOk or PaymentFailed since 10 min: ';
const heldUntil = ' Its seats are held until 10:05:00.000 UTC (for 5 min), and released then.';
const follow = `pnpm status ${bookingId} --watch`;
const replay =
  'pnpm replay --from 2026-12-01T09:49:00Z --to 2026-12-01T09:51:00Z --rule airline-payments-bookings --confirm';
const redrive = `pnpm dlq redrive payments --booking ${bookingId} --confirm`;

const rows: Row[] = [
  {
    name: 'a message that nobody has received',
    found: { ...unpaid, queues: queuesWith('payments', { waiting: 3 }) },
    state: 'waiting',
    says: `${waits}its BookingRequested waits in the queue of payments, where 3 messages wait to be received.${heldUntil}`,
    type: follow,
  },
  {
    name: 'an event that the service never got',
    found: unpaid,
    state: 'waiting',
    says: `${waits}payments never got BookingRequested: no queue has it, and the log of payments has no line about it.${heldUntil}`,
    type: replay,
  },
  {
    name: 'an old event, while only newer messages are in flight',
    found: { ...unpaid, queues: queuesWith('payments', { inFlight: 2 }) },
    state: 'waiting',
    says: `${waits}payments never got BookingRequested: no queue has it, and the log of payments has no line about it.${heldUntil}`,
    type: replay,
  },
  {
    name: 'a log that cannot be read',
    found: { ...unpaid, unread: [{ source: 'log of payments', why: 'AccessDeniedException' }] },
    state: 'waiting',
    says: `${waits}whether payments got BookingRequested cannot be seen, because its queue or its log cannot be read.${heldUntil}`,
    type: replay,
  },
  {
    name: 'a try that failed',
    found: { ...unpaid, payment: charging, lines: [failed] },
    state: 'waiting',
    says: `${waits}payments failed to handle BookingRequested (try 2 of 5: Error: down), and SQS delivers it again at 10:01:00.000 UTC.${heldUntil}`,
    type: follow,
  },
  {
    name: 'a try that failed, with the provider down',
    found: { ...unpaid, payment: charging, lines: [failed], provider: { answers: false, error: 'timeout' } },
    state: 'waiting',
    says: `${waits}payments failed to handle BookingRequested (try 2 of 5: Error: down), and SQS delivers it again at 10:01:00.000 UTC. The payment provider does not answer (timeout).${heldUntil}`,
    type: follow,
  },
  {
    name: 'a try that failed, while the provider throttles',
    found: {
      ...unpaid,
      payment: charging,
      lines: [failed],
      provider: { answers: true, refusal: 'StripeRateLimitError' },
    },
    state: 'waiting',
    says: `${waits}payments failed to handle BookingRequested (try 2 of 5: Error: down), and SQS delivers it again at 10:01:00.000 UTC. The payment provider refuses requests (StripeRateLimitError).${heldUntil}`,
    type: follow,
  },
  {
    name: 'a mail that waits for SES',
    found: {
      facts: facts('BookingRequested', 'SeatBooked', 'PaymentOk'),
      seats: sold,
      payment: charged,
      receipts: { heard: ['BookingRequested', 'SeatBooked', 'PaymentOk'], hasRefundNotice: false },
      lines: [
        line('receipts', 'BookingRequested', 'handled'),
        line('receipts', 'SeatBooked', 'handled'),
        line('receipts', 'PaymentOk', 'postponed', { receiveCount: 1, error: 'not verified', nextTryAt: at(-1) }),
      ],
    },
    state: 'waiting',
    says: 'It waits for receipts to say ReceiptIssued since 10 min: receipts waits with PaymentOk, because something outside refuses it (not verified), and tries again at 10:01:00.000 UTC.',
    type: follow,
  },
  {
    name: 'a mail that has waited too long',
    found: {
      facts: facts('BookingRequested', 'SeatBooked', 'PaymentOk'),
      seats: sold,
      payment: charged,
      receipts: { heard: ['BookingRequested', 'SeatBooked', 'PaymentOk'], hasRefundNotice: false },
      letters: [letter('receipts', 'PaymentOk', 'waited-too-long', { error: 'not verified' })],
    },
    state: 'waiting',
    says: 'It waits for receipts to say ReceiptIssued since 10 min: its PaymentOk is a dead letter of receipts since 9 min, because receipts waited for something outside for seven days (waited-too-long, not verified).',
    type: `pnpm dlq redrive receipts --booking ${bookingId} --confirm`,
  },
  {
    name: 'a try that is long due, while messages wait and nobody receives them',
    found: {
      ...unpaid,
      lines: [{ ...failed, at: at(8), nextTryAt: at(7) }],
      queues: queuesWith('payments', { waiting: 3 }),
    },
    state: 'waiting',
    says: `${waits}its BookingRequested waits in the queue of payments, where 3 messages wait to be received.${heldUntil}`,
    type: follow,
  },
  {
    name: 'the last try that failed',
    found: { ...unpaid, lines: [{ ...failed, receiveCount: 5, at: at(1) }] },
    state: 'waiting',
    says: `${waits}payments failed to handle BookingRequested (try 5 of 5: Error: down), and it becomes a dead letter now.${heldUntil}`,
    type: redrive,
  },
  {
    name: 'a dead letter that is not there any more',
    found: { ...unpaid, lines: [{ ...failed, receiveCount: 5 }] },
    state: 'waiting',
    says: `${waits}its BookingRequested was a dead letter of payments (09:51:00.000 UTC), and is in no queue any more.${heldUntil}`,
    type: replay,
  },
  {
    name: 'a dead letter, whose error only the log has',
    found: { ...unpaid, lines: [failed], letters: [letter('payments', 'BookingRequested', 'gave-up')] },
    state: 'waiting',
    says: `${waits}its BookingRequested is a dead letter of payments since 9 min, because payments failed to handle it in all its tries (Error: down).${heldUntil}`,
    type: redrive,
  },
  {
    name: 'a dead letter that would come back',
    found: {
      ...unpaid,
      letters: [letter('payments', 'BookingRequested', 'conflicting-request', { error: 'other', willComeBack: true })],
    },
    state: 'waiting',
    says: `${waits}its BookingRequested is a dead letter of payments since 9 min, because payments can never handle it (conflicting-request, other).${heldUntil}`,
    type: `pnpm dlq show payments --booking ${bookingId}`,
  },
  {
    name: 'a run that died',
    found: { ...unpaid, lines: [line('payments', 'BookingRequested', 'handling', { endsBy: at(1) })] },
    state: 'waiting',
    says: `${waits}a run of payments began to handle BookingRequested at 09:51:00.000 UTC (try 2) and ended without a word, and SQS delivers it again when the visibility timeout of the queue ends.${heldUntil}`,
    type: follow,
  },
  {
    name: 'a run that goes on',
    found: { ...unpaid, lines: [line('payments', 'BookingRequested', 'handling', { at: at(0), endsBy: at(-0.1) })] },
    state: 'waiting',
    says: `${waits}payments is handling BookingRequested right now, since 1 s (try 2).${heldUntil}`,
    type: follow,
  },
  {
    name: 'an answer that is decided and not published',
    found: {
      ...unpaid,
      payment: charged,
      lines: [line('payments', 'BookingRequested', 'failed', { error: 'PublishError: no', nextTryAt: at(-1) })],
    },
    state: 'waiting',
    says: `${waits}payments failed to handle BookingRequested (try 2 of 5: PublishError: no), and SQS delivers it again at 10:01:00.000 UTC.${heldUntil}`,
    type: follow,
  },
  {
    name: 'a hold that is over',
    found: { ...unpaid, seats: { ...held, holdExpiresAt: at(1) }, queues: queuesWith('payments', { waiting: 1 }) },
    state: 'waiting',
    says: `${waits}its BookingRequested waits in the queue of payments, where 1 message waits to be received. The hold of its seats ended at 09:59:00.000 UTC, and seats is about to release them.`,
    type: follow,
  },
  {
    name: 'a message in flight, of which nobody said anything',
    found: {
      ...unpaid,
      facts: facts('BookingRequested', 'SeatBooked').map((fact) => ({ ...fact, occurredAt: at(1) })),
      queues: queuesWith('payments', { inFlight: 1 }),
    },
    state: 'waiting',
    says: `It waits for payments to say PaymentOk or PaymentFailed since 60 s: payments has received BookingRequested or is about to, and has not said anything about it.${heldUntil}`,
    type: follow,
  },
  {
    name: 'an event that EventBridge could not deliver',
    found: {
      ...unpaid,
      letters: [letter('payments', 'BookingRequested', 'NO_PERMISSIONS', { kind: 'undelivered', error: 'denied' })],
    },
    state: 'waiting',
    says: `${waits}its BookingRequested is a dead letter of payments since 9 min, because EventBridge could not deliver it (NO_PERMISSIONS, denied).${heldUntil}`,
    type: redrive,
  },
  {
    name: 'an event that EventBridge lost',
    found: {
      ...unpaid,
      lost: [
        {
          ...{ service: 'payments', rule: 'airline-payments-bookings', eventId: 'e', detailType: 'BookingRequested' },
          ...{ bookingId, at: at(9), error: 'NO_RESOURCE: gone' },
        },
      ],
    },
    state: 'waiting',
    says: `${waits}EventBridge lost BookingRequested on its way to payments (NO_RESOURCE: gone), and only the archive has it.${heldUntil}`,
    type: replay,
  },
  {
    name: 'a payment of other money',
    found: {
      ...unpaid,
      facts: facts('BookingRequested', 'SeatBooked', 'PaymentOk').map((fact) =>
        fact.type === 'PaymentOk' ? { ...fact, data: { ...fare, amountMinor: 1 } } : fact,
      ),
      lines: [line('seats', 'PaymentOk', 'handled')],
    },
    state: 'waiting',
    says: 'Payments charged other money than the fare of the seats, so the booking cannot be confirmed. It ends with the hold of its seats at 10:05:00.000 UTC, and payments then refunds the charge.',
    type: follow,
  },
  {
    name: 'a service that owes and has handled everything',
    found: { ...unpaid, lines: [line('payments', 'BookingRequested', 'handled')] },
    state: 'waiting',
    says: `${waits.slice(0, -2)}, and payments has handled everything that it heard about the booking.${heldUntil}`,
    type: 'pnpm reconcile',
  },
  {
    name: 'a receipt without a sale',
    found: { ...confirmed, seats: held, letters: [letter('seats', 'PaymentOk', 'gave-up')] },
    state: 'waiting',
    says: 'The passenger has a receipt, but seats has not sold the seats since 10 min: its PaymentOk is a dead letter of seats since 9 min, because seats failed to handle it in all its tries. Act before 10:05:00.000 UTC (in 5 min): then the hold ends, and the seats are released and the charge refunded.',
    type: `pnpm dlq redrive seats --booking ${bookingId} --confirm`,
  },
  {
    name: 'a refund that the passenger was not told',
    found: {
      facts: facts(...all, 'BookingCancelled', 'SeatReleased', 'PaymentRefunded'),
      receipts: { heard: ['BookingRequested', 'SeatBooked', 'PaymentOk'], receipt, hasRefundNotice: false },
      lines: [line('receipts', 'PaymentRefunded', 'failed', { error: 'Error: mail' })],
    },
    state: 'waiting',
    says: 'It is settled, but receipts has not told the passenger about the refund since 10 min: receipts failed to handle PaymentRefunded (try 2 of 5: Error: mail), and SQS delivers it again by itself.',
    type: follow,
  },
  {
    name: 'status that lags behind',
    found: {
      ...confirmed,
      facts: facts('BookingRequested', 'SeatBooked', 'PaymentOk'),
      queues: queuesWith('status', { waiting: 7 }),
    },
    state: 'waiting',
    says: 'All services did their part, but status has not heard ReceiptIssued since 10 min: its ReceiptIssued waits in the queue of status, where 7 messages wait to be received.',
    type: follow,
  },
  {
    name: 'a booking that only dead letters know',
    found: {
      letters: [
        letter('seats', 'BookingRequested', 'schema-violation', {
          error: 'seats must have 1 item',
          willComeBack: true,
        }),
      ],
    },
    state: 'waiting',
    says: 'No service knows this booking, because its BookingRequested can never be handled (schema-violation: seats must have 1 item): it is a dead letter of seats.',
    type: `pnpm dlq show seats --booking ${bookingId}`,
  },
  {
    name: 'a booking that nothing knows, with a backlog',
    found: { queues: queuesWith('seats', { waiting: 2, inFlight: 1 }) },
    state: 'unknown',
    says: 'Nothing knows this booking yet. Its messages may be among those that wait in the queues: 3 in that of seats.',
    type: `pnpm explain ${bookingId}`,
  },
  {
    name: 'a booking that nothing knows',
    found: {},
    state: 'unknown',
    says: 'No table, no dead-letter queue and no log knows this booking: it was never published, or has another id.',
  },
  {
    name: 'a confirmed booking, also when its log is gone',
    found: { ...confirmed, unread: [{ source: 'log of seats', why: 'ResourceNotFoundException' }] },
    state: 'settled',
    says: 'Confirmed: seat 12A of KL1001-20261218 is sold, EUR 81.00 is charged, and receipt R-1 is sent.',
  },
  {
    name: 'a settled booking with a dead letter that it does not need',
    found: {
      ...confirmed,
      letters: [letter('seats', 'BookingRequested', 'conflicting-request', { willComeBack: true })],
    },
    state: 'settled',
    says: 'Confirmed: seat 12A of KL1001-20261218 is sold, EUR 81.00 is charged, and receipt R-1 is sent.',
    type: `pnpm dlq show seats --booking ${bookingId}`,
  },
  {
    name: 'a taken seat',
    found: { facts: facts('BookingRequested', 'SeatUnavailable', 'PaymentOk', 'PaymentRefunded') },
    state: 'settled',
    says: 'Failed, because another booking has seat 12A of KL1001-20261218. No seat was taken, and the charge of EUR 81.00 is refunded.',
  },
  {
    name: 'a declined card',
    found: { facts: facts('BookingRequested', 'SeatBooked', 'PaymentFailed', 'SeatReleased') },
    state: 'settled',
    says: 'Failed, because the card was declined (generic_decline). The seats are free again, and nothing was charged.',
  },
];

test.each(rows)('says of $name where it is, and what to type', ({ found, state, says, type }) => {
  const answer = explain(found);
  expect(answer.sentence).toBe(says);
  expect(answer.explanation.state).toBe(state);
  expect(answer.type).toBe(type);
});

test('names the target in the command', () => {
  const explanation = explainBooking(evidenceOf(unpaid), 'airline', subscriptions);
  expect(wordsFor(explanation, ' --target aws').type).toBe(`${replay} --target aws`);
});

describe('the runbook', () => {
  const runbook = readFileSync(path.join(workspaceRoot, 'docs', 'runbook.md'), 'utf8');
  const [, section] = runbook.split('## What `pnpm explain` says\n');
  const quotes = [...section!.split('\n## ')[0]!.matchAll(/^\| _([^_]+)_/gm)].map(([, quote]) => quote!);

  test('has its quotes', () => {
    expect(quotes.length).toBeGreaterThan(15);
  });

  test.each(quotes)('explain says: %s', (quote) => {
    // Capitals and n stand for what is filled in.
    const filled = quote
      .replaceAll(/[.()?*+]/g, '\\$&')
      .replaceAll(/\b(X|S|T|n|ERROR)\b/g, '.+')
      .replaceAll('…', '.*');
    expect(rows.map(({ says }) => says).filter((says) => new RegExp(filled).test(says))).not.toEqual([]);
  });
});

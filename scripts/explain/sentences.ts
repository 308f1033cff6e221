/** Words for an explanation: one sentence, and the command to type. */
import type { BookingStatus, FactType } from '../../packages/status/src/domain.ts';
import { ago, clock, counted, money } from '../cli/format.ts';
import { meaning } from '../dead-letters/dead-letters.ts';
import type { Delivery } from './deliveries.ts';
import type { Explanation, Wait, Waiting } from './explain-booking.ts';

export interface Words {
  /** What happened, or what is missing, who owes it, and where its message is. */
  sentence: string;
  /** What to do next, in words. */
  advice?: string;
  /** The command to type. */
  type?: string;
}

/** Clocks and the archive differ by seconds. A replay of too much is harmless. */
const replayMarginMilliseconds = 60_000;

/** @param target what commands need to reach the same airline, e.g. ` --target aws` */
export function wordsFor(explanation: Explanation, target = ''): Words {
  const words = untargeted(explanation);
  return { ...words, ...(words.type !== undefined && { type: `${words.type}${target}` }) };
}

function untargeted(explanation: Explanation): Words {
  const { bookingId, readAt, leftovers, status } = explanation;
  switch (explanation.state) {
    case 'settled': {
      const [letter] = leftovers;
      const sentence = explanation.wasNeverRequested
        ? 'It was cancelled and never requested: nothing is held and nothing is charged. If its request still comes, it is refused.'
        : whatHappened(status!);
      if (!letter) return { sentence };
      return {
        sentence,
        advice:
          `A dead letter of ${letter.service} is about it (${letter.detailType}, ${letter.reason}), and the booking does ` +
          'not need it.',
        type: `pnpm dlq show ${letter.service} --booking ${bookingId}`,
      };
    }
    case 'unknown': {
      const waiting = Object.entries(explanation.queues).filter(([, queue]) => queue.waiting + queue.inFlight > 0);
      if (waiting.length === 0) {
        return {
          sentence:
            'No table, no dead-letter queue and no log knows this booking: it was never published, or has another id.',
        };
      }
      const where = waiting.map(([service, queue]) => `${queue.waiting + queue.inFlight} in that of ${service}`);
      return {
        sentence: `Nothing knows this booking yet. Its messages may be among those that wait in the queues: ${where.join(', ')}.`,
        advice: 'If it was requested a moment ago, ask again.',
        type: `pnpm explain ${bookingId}`,
      };
    }
    case 'waiting': {
      const [wait] = explanation.waits;
      if (!wait) return poison(explanation, leftovers[0]!);
      const held = holdClause(explanation, wait);
      const words = wait.heldUpBy[0] ? heldUp(explanation, wait, wait.heldUpBy[0], readAt) : silent(explanation, wait);
      return { ...words, sentence: [words.sentence, held].filter(Boolean).join(' ') };
    }
  }
}

function whatHappened({
  status,
  reason,
  declineCode,
  unavailableSeats = [],
  flightId,
  seats = [],
  amount,
  receiptNumber,
  timeline,
}: BookingStatus): string {
  const heard = (event: FactType): boolean => timeline.some((entry) => entry.event === event);
  const wanted = `${counted(seats.length, 'seat')
    .replace(/^1 seat$/, 'seat')
    .replace(/^\d+ seats$/, 'seats')} ${seats.join(', ')} of ${flightId ?? 'an unknown flight'}`;
  const fare = amount ? money(amount) : 'the fare';
  if (status === 'CONFIRMED') {
    return `Confirmed: ${wanted} ${seats.length > 1 ? 'are' : 'is'} sold, ${fare} is charged, and receipt ${receiptNumber} is sent.`;
  }
  const seatsNow = heard('SeatReleased') ? 'The seats are free again' : 'No seat was taken';
  const moneyNow = heard('PaymentRefunded') ? `the charge of ${fare} is refunded` : 'nothing was charged';
  return `${failureWords(reason, wanted, unavailableSeats, flightId, declineCode)} ${seatsNow}, and ${moneyNow}.`;
}

function failureWords(
  reason: BookingStatus['reason'],
  wanted: string,
  unavailable: readonly string[],
  flightId = 'the flight',
  declineCode?: string,
): string {
  const these =
    unavailable.length > 0 ? `${unavailable.length > 1 ? 'seats' : 'seat'} ${unavailable.join(', ')}` : wanted;
  switch (reason) {
    case 'taken':
      return `Failed, because another booking has ${these} of ${flightId}.`;
    case 'unknown-flight':
      return `Failed, because no flight ${flightId} is scheduled.`;
    case 'unknown-seat':
      return `Failed, because ${flightId} has no ${these}.`;
    case 'departed':
      return `Failed, because ${flightId} had departed.`;
    case 'fare-mismatch':
      return `Failed, because its price is not the fare of ${wanted}.`;
    case 'declined':
      return `Failed, because the card was declined${declineCode === undefined ? '' : ` (${declineCode})`}.`;
    case 'expired':
      return 'Expired: its request came after its time limit.';
    case 'hold-expired':
      return `Expired: ${wanted} ${wanted.startsWith('seats') ? 'were' : 'was'} held, and not paid in time.`;
    case 'cancelled':
      return 'Cancelled by the customer.';
    case 'seat-unavailable':
      return `Failed, because seats could not give ${wanted}.`;
    default:
      return 'Failed, because the payment failed.';
  }
}

/** The subject of the sentence: who owes what, since when. */
function owing({ service, owes, events, since }: Wait, readAt: string): string {
  const age = since === undefined ? '' : ` since ${ago(Date.parse(readAt) - Date.parse(since))}`;
  switch (owes) {
    case 'answer':
      return `It waits for ${service} to say ${events.join(' or ')}${age}`;
    case 'facts':
      return `All services did their part, but status has not heard ${events.join(', ')}${age}`;
    case 'sale':
      return `The passenger has a receipt, but seats has not sold the seats${age}`;
    case 'refund-notice':
      return `It is settled, but receipts has not told the passenger about the refund${age}`;
  }
}

function heldUp(explanation: Explanation & Waiting, wait: Wait, delivery: Delivery, readAt: string): Words {
  const { bookingId, provider, waits } = explanation;
  const { service, event, rule, place } = delivery;
  const others =
    waits.length > 1 && wait.owes === 'facts'
      ? owing(wait, readAt).replace('All services did their part, but status', 'Status')
      : owing(wait, readAt);
  const isDown = service === 'payments' && provider?.answers === false;
  const refusal = service === 'payments' && provider?.answers ? provider.refusal : undefined;
  const down = isDown
    ? ` The payment provider does not answer (${provider.error}).`
    : refusal === undefined
      ? ''
      : ` The payment provider refuses requests (${refusal}).`;
  const redrive = `pnpm dlq redrive ${service} --booking ${bookingId} --confirm`;
  const words = (where: string, advice: string, type?: string): Words => ({
    sentence: `${others}: ${where}.${down}`,
    advice,
    ...(type !== undefined && { type }),
  });
  const { type } = event;
  switch (place.kind) {
    case 'dead-letter': {
      const why = [place.reason === 'gave-up' ? undefined : place.reason, place.error].filter(Boolean).join(', ');
      const where =
        `its ${type} is a dead letter of ${service} since ${since(place.since, readAt)}, because ` +
        `${place.queue === 'unhandled' ? `${service} ${unhandledWords(place)}` : meaning.undelivered}` +
        `${why === '' ? '' : ` (${why})`}`;
      if (place.willComeBack) {
        const advice = `A redrive would bring it back. docs/runbook.md says what ${place.reason} means and who must act.`;
        return words(where, advice, `pnpm dlq show ${service} --booking ${bookingId}`);
      }
      return words(
        where,
        isDown ? 'When the provider answers again, move it back to its queue:' : 'Move it back to its queue:',
        redrive,
      );
    }
    case 'lost':
      return words(
        `EventBridge lost ${type} on its way to ${service} (${place.error}), and only the archive has it`,
        'When the queue exists again and admits the rule, send the event again:',
        replayOf(delivery, explanation),
      );
    case 'dropped':
      return words(
        `its ${type} was a dead letter of ${service} (${clock(place.since)} UTC), and is in no queue any more`,
        'Someone dropped it, or a redrive is under way. If this does not change, send the event again:',
        replayOf(delivery, explanation),
      );
    case 'never-got':
      return words(
        `${service} never got ${type}: no queue has it, and the log of ${service} has no line about it`,
        `Send the event again to the rule ${rule}. A service that has handled an event changes nothing:`,
        replayOf(delivery, explanation),
      );
    case 'retrying': {
      const isLast = place.attempt >= place.of;
      const next = isLast
        ? 'it becomes a dead letter now'
        : `SQS delivers it again ${place.nextTryAt === undefined ? 'by itself' : `at ${clock(place.nextTryAt)} UTC`}`;
      return words(
        `${service} failed to handle ${type} (try ${place.attempt} of ${place.of}: ${place.error}), and ${next}`,
        isLast
          ? 'When the cause is gone, move it back to its queue:'
          : 'Nothing is to be done while it tries. To follow it:',
        isLast ? redrive : follow(bookingId),
      );
    }
    case 'postponed':
      return words(
        `${service} waits with ${type}, because something outside refuses it (${place.error}), and tries again at ` +
          `${clock(place.nextTryAt)} UTC`,
        'After seven days it becomes a dead letter. docs/runbook.md, "Receipts wait for SES", says what to do. To follow it:',
        follow(bookingId),
      );
    case 'run-died':
      return words(
        `a run of ${service} began to handle ${type} at ${clock(place.since)} UTC (try ${place.attempt}) and ended without ` +
          'a word, and SQS delivers it again when the visibility timeout of the queue ends',
        `Nothing is to be done. If it repeats, the function of ${service} crashes or times out: read its log. To follow it:`,
        follow(bookingId),
      );
    case 'handling':
      return words(
        `${service} is handling ${type} right now, since ${ago(Date.parse(readAt) - Date.parse(place.since) + 1000)} (try ${place.attempt})`,
        'Nothing is to be done. To follow it:',
        follow(bookingId),
      );
    case 'queued':
      return place.waiting > 0
        ? words(
            `its ${type} waits in the queue of ${service}, where ${counted(place.waiting, 'message')} ` +
              `${place.waiting === 1 ? 'waits' : 'wait'} to be received`,
            `If the number does not fall, the function of ${service} does not run: look at its errors and throttles, and ` +
              'at its event source mapping, and deploy it again. To follow it:',
            follow(bookingId),
          )
        : words(
            `${service} has received ${type} or is about to, and has not said anything about it`,
            'If its function was killed, SQS delivers the message again within 90 seconds. To follow it:',
            follow(bookingId),
          );
    case 'unseen':
      return words(
        `whether ${service} got ${type} cannot be seen, because its queue or its log cannot be read`,
        `Ask with rights to read both, or search the log of ${service} for the booking. Sending it again is harmless:`,
        replayOf(delivery, explanation),
      );
    case 'on-its-way':
    case 'done':
      return words(
        `its ${type} was published a moment ago and is on its way to ${service}`,
        'Ask again:',
        `pnpm explain ${bookingId}`,
      );
  }
}

function unhandledWords({ willComeBack, reason }: { willComeBack: boolean; reason: string }): string {
  if (willComeBack) return 'can never handle it';
  return reason === 'waited-too-long'
    ? 'waited for something outside for seven days'
    : 'failed to handle it in all its tries';
}

/** The service has handled all that it heard, and still owes. */
function silent(explanation: Explanation & Waiting, wait: Wait): Words {
  const { bookingId, readAt, hold, hasOtherMoney } = explanation;
  if (hasOtherMoney && hold && wait.service === 'seats') {
    const sentence =
      `Payments charged other money than the fare of the seats, so the booking cannot be confirmed. It ends with the hold of its ` +
      `seats at ${clock(hold.endsAt)} UTC, and payments then refunds the charge.`;
    return hold.isOver
      ? {
          sentence: `${sentence} That time is over: the hold timer of seats, a delayed message in its own queue, is late.`,
          advice: 'If this does not change within a minute, look for the timer among the dead letters of seats:',
          type: `pnpm dlq show seats --booking ${bookingId}`,
        }
      : { sentence, advice: 'Nothing is to be done. To follow it:', type: follow(bookingId) };
  }
  return {
    sentence: `${owing(wait, readAt)}, and ${wait.service} has handled everything that it heard about the booking.`,
    advice: `Compare the records of all services. ${wait.service} repeats its answer when it hears the request again (\`pnpm replay\`).`,
    type: 'pnpm reconcile',
  };
}

function poison(
  { bookingId, leftovers }: Explanation,
  { service, detailType, reason, error }: Explanation['leftovers'][number],
): Words {
  const owners = [...new Set(leftovers.map((letter) => letter.service))].join(', ');
  return {
    sentence:
      `No service knows this booking, because its ${detailType} can never be handled (${reason}` +
      `${error === undefined ? '' : `: ${error}`}): it is a dead letter of ${owners}.`,
    advice: 'Its producer must publish a corrected event. Then export and drop the dead letters. To see them:',
    type: `pnpm dlq show ${service} --booking ${bookingId}`,
  };
}

/** What the seats do meanwhile; nothing where the sentence says that already. */
function holdClause({ hold, hasOtherMoney, readAt }: Explanation & Waiting, { owes, service }: Wait): string {
  if (!hold || (hasOtherMoney && service === 'seats')) return '';
  const end = `${clock(hold.endsAt)} UTC`;
  if (hold.isOver) return `The hold of its seats ended at ${end}, and seats is about to release them.`;
  const left = ago(Date.parse(hold.endsAt) - Date.parse(readAt));
  return owes === 'sale'
    ? `Act before ${end} (in ${left}): then the hold ends, and the seats are released and the charge refunded.`
    : `Its seats are held until ${end} (for ${left}), and released then.`;
}

function follow(bookingId: string): string {
  return `pnpm status ${bookingId} --watch`;
}

/** Replays the time around an event to the one rule that delivers it. */
function replayOf({ event, rule }: Delivery, { readAt, status }: Explanation): string {
  const at = event.at ?? status?.timeline[0]?.occurredAt ?? readAt;
  const from = second(Date.parse(at) - replayMarginMilliseconds);
  const end = Date.parse(at) + replayMarginMilliseconds;
  const to = end < Date.parse(readAt) ? ` --to ${second(end)}` : '';
  return `pnpm replay --from ${from}${to} --rule ${rule} --confirm`;
}

function second(time: number): string {
  return new Date(time).toISOString().replace(/\.\d+Z$/, 'Z');
}

function since(time: string, readAt: string): string {
  return `${ago(Date.parse(readAt) - Date.parse(time))}`;
}

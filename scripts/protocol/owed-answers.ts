/**
 * Who owes what for a booking, by the one rule of the protocol: every participant answers each BookingRequested exactly
 * once, with its yes or its no; when it learns that the booking failed elsewhere, it takes its own yes back. Written
 * independently of the status service's fold, in order to check it.
 */
import type { FactType } from '../../packages/status/src/domain.ts';

interface Money {
  amountMinor: number;
  currency: string;
}

/** An event of a booking, as far as the rule needs it. */
export interface Said {
  type: FactType;
  /** Of SeatBooked and PaymentOk, if known. */
  money?: Money | undefined;
}

/** `open`: no participant has said no. `failing`: one has, and the others have not all taken their yes back. */
export type Outcome = 'unknown' | 'open' | 'confirmed' | 'failing' | 'failed';

export interface Debt {
  service: string;
  /** One of these events pays the debt. */
  events: readonly FactType[];
}

/** The answers of the participants. */
const answers = {
  seats: { yes: 'SeatBooked', no: 'SeatUnavailable', takenBack: 'SeatReleased' },
  payments: { yes: 'PaymentOk', no: 'PaymentFailed', takenBack: 'PaymentRefunded' },
} as const satisfies Record<string, Record<string, FactType>>;

const participants = Object.entries(answers);

export function outcomeOf(said: readonly Said[]): Outcome {
  if (said.length === 0) return 'unknown';
  const has = hasIn(said);
  const noes = participants.filter(([, { no, takenBack }]) => has(no) || has(takenBack));
  if (noes.length === participants.length) return 'failed';
  if (noes.length > 0 || has('BookingCancelled')) return 'failing';
  return participants.every(([, { yes }]) => has(yes)) && has('ReceiptIssued') ? 'confirmed' : 'open';
}

/** What is missing until the booking is settled. Nothing is owed for one that was cancelled and not requested. */
export function debtsOf(said: readonly Said[]): Debt[] {
  const has = hasIn(said);
  const outcome = outcomeOf(said);
  if (outcome === 'failing' && said.some(({ type }) => type !== 'BookingCancelled')) {
    return participants
      .filter(([, { no, takenBack }]) => !has(no) && !has(takenBack))
      .map(([service, { yes, no, takenBack }]) => ({ service, events: has(yes) ? [takenBack] : [no, takenBack] }));
  }
  if (outcome !== 'open') return [];
  const silent = participants.filter(([, { yes }]) => !has(yes));
  if (silent.length > 0) return silent.map(([service, { yes, no }]) => ({ service, events: [yes, no] }));
  // A payment of other money than the seats' fare does not confirm the booking. Its hold ends by the timer of seats.
  if (isPaidWithOtherMoney(said)) return [{ service: 'seats', events: ['SeatReleased'] }];
  return [{ service: 'receipts', events: ['ReceiptIssued'] }];
}

/** Whether the booking has both yeses, and payments charged other money than the seats' fare. */
export function isPaidWithOtherMoney(said: readonly Said[]): boolean {
  const [fare, paid] = [answers.seats.yes, answers.payments.yes].map(
    (yes) => said.find(({ type }) => type === yes)?.money,
  );
  return (
    fare !== undefined &&
    paid !== undefined &&
    (fare.amountMinor !== paid.amountMinor || fare.currency !== paid.currency)
  );
}

function hasIn(said: readonly Said[]): (type: FactType) => boolean {
  return (wanted) => said.some(({ type }) => type === wanted);
}

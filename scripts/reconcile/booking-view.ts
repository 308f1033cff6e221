/** The bookings of a snapshot, one by one, and what can be said of each. */
import type { PaymentRecord } from '../../packages/payments/src/domain.ts';
import type { ReceiptsRecord } from '../../packages/receipts/src/domain.ts';
import type { SeatsRecord } from '../../packages/seats/src/domain.ts';
import type { Fact, FactType } from '../../packages/status/src/domain.ts';
import { money } from '../cli/format.ts';
import type { Charge, SeatItem, Snapshot } from './snapshot.ts';

export type Party = 'status' | 'seats' | 'payments' | 'provider' | 'receipts';

/** One booking, as all parties together tell it. */
export interface View {
  bookingId: string;
  facts: readonly Fact[];
  seats: SeatsRecord | undefined;
  /** Seats that bear the booking. */
  bears: readonly SeatItem[];
  payment: PaymentRecord | undefined;
  receipt: ReceiptsRecord['receipt'];
  hasRefundNotice: boolean;
  charges: readonly Charge[];
  outcome: Outcome;
  /** Milliseconds since anyone learned anything about it; undefined when nobody noted a time. */
  quietFor: number | undefined;
}

/** `open`: nobody said no yet. `failing`: somebody did, and not everyone has taken his yes back. */
type Outcome = 'unknown' | 'open' | 'confirmed' | 'failing' | 'failed';

export function* viewsOf({ takenAt, facts, seats, seatItems, payments, receipts, charges }: Snapshot): Generator<View> {
  const borne = new Map<string, SeatItem[]>();
  for (const item of seatItems) borne.set(item.bookingId, [...(borne.get(item.bookingId) ?? []), item]);
  for (const bookingId of new Set([
    ...facts.keys(),
    ...seats.keys(),
    ...payments.keys(),
    ...charges.keys(),
    ...borne.keys(),
  ])) {
    const heard = facts.get(bookingId) ?? [];
    const [record, payment] = [seats.get(bookingId), payments.get(bookingId)];
    const charged = charges.get(bookingId) ?? [];
    const times = [
      ...heard.map(({ heardAt }) => heardAt),
      ...charged.map(({ createdAt }) => createdAt),
      ...(record && 'at' in record ? [record.at] : []),
      ...(record?.state === 'RELEASED' ? [record.release.at] : []),
      ...(payment && 'at' in payment ? [payment.at] : []),
      ...(payment?.state === 'REFUNDED' ? [payment.refund.at] : []),
    ].map((time) => Date.parse(time));
    yield {
      bookingId,
      facts: heard,
      seats: record,
      bears: borne.get(bookingId) ?? [],
      payment,
      receipt: receipts.get(bookingId)?.receipt,
      hasRefundNotice: receipts.get(bookingId)?.refundNotice !== undefined,
      charges: charged,
      outcome: outcomeOf(heard),
      quietFor: times.length > 0 ? Date.parse(takenAt) - Math.max(...times) : undefined,
    };
  }
}

/** What the facts add up to, as far as the invariants ask. Written apart from the fold of status, so as to check it. */
function outcomeOf(facts: readonly Fact[]): Outcome {
  if (facts.length === 0) return 'unknown';
  const heard = (...types: FactType[]): boolean => facts.some(({ type }) => types.includes(type));
  const seatsNo = heard('SeatUnavailable', 'SeatReleased');
  const paymentsNo = heard('PaymentFailed', 'PaymentRefunded');
  if (seatsNo || paymentsNo || heard('BookingCancelled')) return seatsNo && paymentsNo ? 'failed' : 'failing';
  return heard('SeatBooked') && heard('PaymentOk') && heard('ReceiptIssued') ? 'confirmed' : 'open';
}

/** Whose word a booking waits for. Of a word that its owner has, either the owner could not say it or status did not hear it. */
export function missingWords({ facts, outcome, seats, payment, receipt }: View): string[] {
  if (outcome === 'unknown') return ['status'];
  const heard = (...types: FactType[]): boolean => facts.some(({ type }) => types.includes(type));
  const missing = (owner: string, isHeard: boolean, hasIt: boolean): string[] =>
    isHeard ? [] : hasIt ? [owner, 'status'] : [owner];
  if (outcome === 'failing') {
    return unique([
      ...missing(
        'seats',
        heard('SeatUnavailable', 'SeatReleased'),
        seats?.state === 'REFUSED' || seats?.state === 'RELEASED',
      ),
      ...missing(
        'payments',
        heard('PaymentFailed', 'PaymentRefunded'),
        payment?.state === 'DECLINED' || payment?.state === 'REFUNDED',
      ),
    ]);
  }
  const yesses = unique([
    ...missing('seats', heard('SeatBooked'), seats !== undefined && 'seats' in seats),
    ...missing('payments', heard('PaymentOk'), payment !== undefined && 'at' in payment),
  ]);
  return yesses.length > 0 ? yesses : missing('receipts', false, receipt !== undefined);
}

/** A cancellation of a booking that nobody asked for: it left its mark everywhere, and nothing will come of it. */
export function isOnlyCancelled({ facts, seats, bears, payment, charges }: View): boolean {
  const isMark = (state: string | undefined): boolean =>
    state === undefined || state === 'TOMBSTONE' || state === 'VOID';
  return (
    facts.every(({ type }) => type === 'BookingCancelled') &&
    isMark(seats?.state) &&
    isMark(payment?.state) &&
    bears.length === 0 &&
    charges.length === 0
  );
}

/** What each party says, in words. */
export function wordsOf(view: View): Record<Party, string> {
  const { facts, seats, bears, payment, receipt, hasRefundNotice, charges, outcome } = view;
  const bearing =
    bears.length > 0 ? `; ${bears.map(({ flightId, seat }) => `${flightId} ${seat}`).join(', ')} bears it` : '';
  const wanted = seats && 'seats' in seats ? ` ${seats.flightId} ${seats.seats.join(', ')}` : '';
  const asked = payment && 'payment' in payment ? ` ${money(payment.payment)}` : '';
  const mark =
    payment && 'refund' in payment && payment.state !== 'REFUNDED' ? `, to be refunded (${payment.refund.reason})` : '';
  const taken = charges.map(
    ({ captured, refunded, currency }) =>
      `captured ${amount(captured, currency)}${refunded > 0 ? `, refunded ${amount(refunded, currency)}` : ''}`,
  );
  return {
    status: facts.length === 0 ? 'never heard of it' : `${outcome}: ${facts.map(({ type }) => type).join(', ')}`,
    seats: `${seats ? `${seats.state}${wanted}` : 'no record'}${bearing}`,
    payments: payment ? `${payment.state}${asked}${mark}` : 'no record',
    provider: taken.length > 0 ? taken.join('; ') : 'no charge',
    receipts: receipt ? `sent ${receipt.number}${hasRefundNotice ? ' and its refund notice' : ''}` : 'none sent',
  };
}

export function find<T extends FactType>(facts: readonly Fact[], type: T): Fact<T> | undefined {
  return facts.find((fact) => fact.type === type) as Fact<T> | undefined;
}

/** Captured and not given back, in minor units. */
export function netOf(charges: readonly Charge[]): number {
  return charges.reduce((sum, { captured, refunded }) => sum + captured - refunded, 0);
}

export function amount(amountMinor: number, currency: string): string {
  return money({ amountMinor, currency });
}

function unique(words: string[]): string[] {
  return [...new Set(words)];
}

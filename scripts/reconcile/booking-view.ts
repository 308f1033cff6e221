/** The bookings of a snapshot, one by one, each with the records of all parties. */
import { formatMoney } from '@airline/events-schemas/currency';
import type { PaymentRecord } from '../../packages/payments/src/domain.ts';
import type { ReceiptsRecord } from '../../packages/receipts/src/domain.ts';
import type { SeatsRecord } from '../../packages/seats/src/domain.ts';
import type { Fact, FactType } from '../../packages/status/src/domain.ts';
import { money } from '../cli/format.ts';
import { debtsOf, type Outcome, outcomeOf } from '../protocol/owed-answers.ts';
import { eventsOfFacts, eventsOfPayments, eventsOfReceipts, eventsOfSeats } from '../protocol/recorded-events.ts';
import type { Charge, SeatItem, Snapshot } from './snapshot.ts';

export type Party = 'status' | 'seats' | 'payments' | 'provider' | 'receipts';

/** One booking, with the records of all parties. */
export interface View {
  bookingId: string;
  facts: readonly Fact[];
  seats: SeatsRecord | undefined;
  /** The seat items with this booking's id. */
  seatItems: readonly SeatItem[];
  payment: PaymentRecord | undefined;
  receipt: ReceiptsRecord['receipt'];
  hasRefundNotice: boolean;
  charges: readonly Charge[];
  outcome: Outcome;
  /** Milliseconds since the last record of any party changed; undefined when no record has a time. */
  quietFor: number | undefined;
}

export function* viewsOf({ takenAt, facts, seats, seatItems, payments, receipts, charges }: Snapshot): Generator<View> {
  const itemsOf = new Map<string, SeatItem[]>();
  for (const item of seatItems) itemsOf.set(item.bookingId, [...(itemsOf.get(item.bookingId) ?? []), item]);
  for (const bookingId of new Set([
    ...facts.keys(),
    ...seats.keys(),
    ...payments.keys(),
    ...charges.keys(),
    ...itemsOf.keys(),
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
      seatItems: itemsOf.get(bookingId) ?? [],
      payment,
      receipt: receipts.get(bookingId)?.receipt,
      hasRefundNotice: receipts.get(bookingId)?.refundNotice !== undefined,
      charges: charged,
      outcome: outcomeOf(eventsOfFacts(heard)),
      quietFor: times.length > 0 ? Date.parse(takenAt) - Math.max(...times) : undefined,
    };
  }
}

/**
 * The services whose events a booking waits for. If such a service has the matching record, then either its event was
 * not published or status did not receive it, so status is listed, too.
 */
export function missingServices(view: View): string[] {
  const { facts, seats, payment, receipt } = view;
  if (facts.length === 0) return ['status'];
  const heard = eventsOfFacts(facts);
  // A record that is more than a tombstone proves that the booking was requested.
  if (!isOnlyCancelled(view)) heard.push({ type: 'BookingRequested' });
  const recorded = [...eventsOfSeats(seats), ...eventsOfPayments(payment), ...eventsOfReceipts(receipt)];
  return unique(
    debtsOf(heard).flatMap(({ service, events }) =>
      recorded.some(({ type }) => events.includes(type)) ? [service, 'status'] : [service],
    ),
  );
}

/** Whether all records come from a cancellation of a booking that was never requested. Such records need no repair. */
export function isOnlyCancelled({ facts, seats, seatItems, payment, charges }: View): boolean {
  const isTombstone = (state: string | undefined): boolean =>
    state === undefined || state === 'TOMBSTONE' || state === 'VOID';
  return (
    facts.every(({ type }) => type === 'BookingCancelled') &&
    isTombstone(seats?.state) &&
    isTombstone(payment?.state) &&
    seatItems.length === 0 &&
    charges.length === 0
  );
}

/** The record of each party, in words. */
export function wordsOf(view: View): Record<Party, string> {
  const { facts, seats, seatItems, payment, receipt, hasRefundNotice, charges, outcome } = view;
  const taken = seatItems.map(({ flightId, seat }) => `${flightId} ${seat}`);
  const items = taken.length > 0 ? `; seats taken by it: ${taken.join(', ')}` : '';
  const wanted = seats && 'seats' in seats ? ` ${seats.flightId} ${seats.seats.join(', ')}` : '';
  const asked = payment && 'payment' in payment ? ` ${money(payment.payment)}` : '';
  const refund =
    payment && 'refund' in payment && payment.state !== 'REFUNDED' ? `, to be refunded (${payment.refund.reason})` : '';
  const charged = charges.map(
    ({ captured, refunded, currency }) =>
      `captured ${amount(captured, currency)}${refunded > 0 ? `, refunded ${amount(refunded, currency)}` : ''}`,
  );
  return {
    status: facts.length === 0 ? 'no facts' : `${outcome}: ${facts.map(({ type }) => type).join(', ')}`,
    seats: `${seats ? `${seats.state}${wanted}` : 'no record'}${items}`,
    payments: payment ? `${payment.state}${asked}${refund}` : 'no record',
    provider: charged.length > 0 ? charged.join('; ') : 'no charge',
    receipts: receipt ? `sent ${receipt.number}${hasRefundNotice ? ' and its refund notice' : ''}` : 'none sent',
  };
}

export function find<T extends FactType>(facts: readonly Fact[], type: T): Fact<T> | undefined {
  return facts.find((fact) => fact.type === type) as Fact<T> | undefined;
}

/** The amount that was captured and not refunded, in minor units. */
export function netOf(charges: readonly Charge[]): number {
  return charges.reduce((sum, { captured, refunded }) => sum + captured - refunded, 0);
}

export function amount(amountMinor: number, currency: string): string {
  return formatMoney(amountMinor, currency);
}

function unique(words: string[]): string[] {
  return [...new Set(words)];
}

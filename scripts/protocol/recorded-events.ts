/** The events that a service has decided to publish, by its record. They may not be published yet. */
import type { PaymentRecord } from '../../packages/payments/src/domain.ts';
import type { ReceiptsRecord } from '../../packages/receipts/src/domain.ts';
import type { SeatsRecord } from '../../packages/seats/src/domain.ts';
import type { Fact, FactType } from '../../packages/status/src/domain.ts';
import type { Said } from './owed-answers.ts';

/** An event of a booking. */
export interface KnownEvent extends Said {
  /** When it happened (RFC 3339 UTC), if known. */
  at?: string | undefined;
  /** Why, if it is a no. */
  reason?: string | undefined;
}

export function eventsOfSeats(record: SeatsRecord | undefined): KnownEvent[] {
  if (!record) return [];
  switch (record.state) {
    case 'PAID_EARLY':
    case 'TOMBSTONE':
      return [];
    case 'REFUSED':
      return [{ type: 'SeatUnavailable', at: record.at, reason: record.reason }];
    default: {
      const booked: KnownEvent = { type: 'SeatBooked', at: record.at, money: record };
      if (record.state !== 'RELEASED') return [booked];
      return [booked, { type: 'SeatReleased', at: record.release.at, reason: record.release.reason }];
    }
  }
}

export function eventsOfPayments(record: PaymentRecord | undefined): KnownEvent[] {
  if (!record) return [];
  switch (record.state) {
    case 'VOID':
    case 'CHARGING':
      return [];
    case 'DECLINED':
      return [{ type: 'PaymentFailed', at: record.at, reason: record.reason }];
    default: {
      const paid: KnownEvent = { type: 'PaymentOk', at: record.at, money: record.payment };
      if (record.state === 'CHARGED') return [paid];
      return [paid, { type: 'PaymentRefunded', at: record.refund.at, reason: record.refund.reason }];
    }
  }
}

export function eventsOfReceipts(receipt: ReceiptsRecord['receipt'] | undefined): KnownEvent[] {
  return receipt ? [{ type: 'ReceiptIssued', at: receipt.issuedAt }] : [];
}

export function eventsOfFacts(facts: readonly Fact[]): KnownEvent[] {
  return facts.map((fact) => {
    const { type, occurredAt: at, data } = fact;
    return {
      type,
      at,
      ...('reason' in data && { reason: data.reason }),
      ...('amountMinor' in data && { money: data }),
    };
  });
}

/** One event of each type: of two, the first. */
export function uniqueEvents(events: readonly KnownEvent[]): Map<FactType, KnownEvent> {
  const byType = new Map<FactType, KnownEvent>();
  for (const event of events) {
    const known = byType.get(event.type);
    // Of an event that was only seen in a log or a queue, another source may know more.
    byType.set(event.type, { ...event, ...known, at: known?.at ?? event.at, reason: known?.reason ?? event.reason });
  }
  return byType;
}

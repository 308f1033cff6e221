import type { PaymentRecord } from '../../packages/payments/src/domain.ts';
import type { ReceiptsRecord } from '../../packages/receipts/src/domain.ts';
import type { Flight, SeatsRecord } from '../../packages/seats/src/domain.ts';
import type { Fact } from '../../packages/status/src/domain.ts';

/** A successful charge of the payment provider. Amounts are in minor units. */
export interface Charge {
  paymentId: string;
  captured: number;
  refunded: number;
  currency: string;
  /** RFC 3339 UTC. */
  createdAt: string;
}

/** A seat's own item in the seats table. */
export interface SeatItem {
  flightId: string;
  seat: string;
  /** The booking that has taken the seat. */
  bookingId: string;
}

/** The records of all parties, by bookingId. */
export interface Snapshot {
  /** RFC 3339 UTC. */
  takenAt: string;
  facts: ReadonlyMap<string, readonly Fact[]>;
  seats: ReadonlyMap<string, SeatsRecord>;
  seatItems: readonly SeatItem[];
  flights: ReadonlyMap<string, Flight>;
  payments: ReadonlyMap<string, PaymentRecord>;
  receipts: ReadonlyMap<string, Pick<ReceiptsRecord, 'receipt' | 'refundNotice'>>;
  charges: ReadonlyMap<string, readonly Charge[]>;
}

import type { PaymentRecord } from './domain.ts';

/** A record with the version that a write of its successor is conditional on. */
export interface Stored {
  record: PaymentRecord;
  version: number;
}

/** The memory of payments. Reads see every write that was answered before them. */
export interface PaymentStore {
  load(bookingId: string): Promise<Stored | undefined>;
  /**
   * Writes the record if the stored one still is what `read` says.
   * @returns what is stored now, so that a run can write again without reading; undefined when someone else wrote
   */
  save(bookingId: string, record: PaymentRecord, read: Stored | undefined): Promise<Stored | undefined>;
}

import type { PaymentRecord } from './domain.ts';

/** A record and its version. The next write is conditional on that version. */
export interface Stored {
  record: PaymentRecord;
  version: number;
}

/** Stores the records of payments. Reads are strongly consistent. */
export interface PaymentStore {
  load(bookingId: string): Promise<Stored | undefined>;
  /**
   * Writes the record if nobody changed it since it was read.
   * @param read the result of `load` or of the last `save`; undefined when there was no record
   * @returns the stored record, so that a run can write again without reading; undefined when another run wrote first
   */
  save(bookingId: string, record: PaymentRecord, read: Stored | undefined): Promise<Stored | undefined>;
}

import type { ReceiptsRecord } from './domain.ts';

/** A record and its version. The next write is conditional on that version. */
export interface Stored {
  record: ReceiptsRecord;
  version: number;
}

/** Stores the records of receipts. Reads are strongly consistent. */
export interface ReceiptStore {
  load(bookingId: string): Promise<Stored | undefined>;
  /**
   * Writes the record if nobody changed it since it was read.
   * @param read the result of `load`; undefined when there was no record
   * @param expiresAtEpoch seconds since 1970, after which DynamoDB deletes the record: it holds personal data
   * @returns false when another run wrote first
   */
  save(bookingId: string, record: ReceiptsRecord, read: Stored | undefined, expiresAtEpoch: number): Promise<boolean>;
}

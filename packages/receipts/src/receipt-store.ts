import type { ReceiptsRecord } from './domain.ts';

/** A record with the version that a write of its successor is conditional on. */
export interface Stored {
  record: ReceiptsRecord;
  version: number;
}

/** The memory of receipts. Reads see every write that was answered before them. */
export interface ReceiptStore {
  load(bookingId: string): Promise<Stored | undefined>;
  /**
   * Writes the record if the stored one still is what `read` says.
   * @param forgetAt seconds since 1970, after which the record may disappear: it holds personal data
   * @returns false when it is not
   */
  save(bookingId: string, record: ReceiptsRecord, read: Stored | undefined, forgetAt: number): Promise<boolean>;
}

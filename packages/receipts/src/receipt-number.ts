import { createHash } from 'node:crypto';

/** Crockford's base 32: without I, L, O and U, so that a number can be read out on the phone. */
const alphabet = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
const characters = 12;

/**
 * The number of a booking's receipt, e.g. R-7K2M-9QXD-4TBN: 60 bits of the bookingId's SHA-256. A booking always has
 * the same number, so no counter is needed. The number does not reveal the bookingId, which gives access to a booking.
 */
export function receiptNumberOf(bookingId: string): string {
  let bits = createHash('sha256').update(bookingId).digest().readBigUInt64BE() >> 4n;
  let number = '';
  for (let i = 0; i < characters; i++) {
    number = alphabet[Number(bits & 31n)]! + number;
    bits >>= 5n;
  }
  return `R-${number.slice(0, 4)}-${number.slice(4, 8)}-${number.slice(8)}`;
}

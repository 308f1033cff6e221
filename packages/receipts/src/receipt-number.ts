import { createHash } from 'node:crypto';

/** Crockford's base 32: no I, L, O or U, so that it survives being read out on the phone. */
const alphabet = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
const characters = 12;

/**
 * The number of a booking's receipt, e.g. R-7K2M-9QXD-4TBN: 60 bits of the bookingId's SHA-256. The same booking always has the
 * same number, so nothing has to hand numbers out; it does not give the bookingId away, by which the booking can be seen.
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

import { randomBytes } from 'node:crypto';

/** W3C Trace Context, https://www.w3.org/TR/trace-context/#traceparent-header: version ff and ids of zeros are invalid. */
const valid = /^(?!ff)[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$/;

/** The client's trace, or a new one where it has none that is valid. */
export function traceparentFrom(header: string | undefined): string {
  if (header !== undefined && valid.test(header)) return header;
  return `00-${randomBytes(16).toString('hex')}-${randomBytes(8).toString('hex')}-01`;
}

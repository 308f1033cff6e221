import { randomBytes } from 'node:crypto';

/**
 * Converts a trace between two formats: W3C Trace Context, which an event's metadata has
 * (https://www.w3.org/TR/trace-context/#traceparent-header), and X-Ray's header, which the bus and the queues pass on.
 * X-Ray's trace id is W3C's with hyphens, so the conversion needs no SDK.
 */

/** Version ff and ids that are all zeros are invalid. */
const w3c = /^(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})$/;
const xRayRoot = /^1-([0-9a-f]{8})-([0-9a-f]{24})$/;
const xRayParent = /^[0-9a-f]{16}$/;

export function isTraceparent(text: string | undefined): text is string {
  return text !== undefined && w3c.test(text);
}

/** Whether the trace is recorded: the last bit of its flags. */
export function isSampled(traceparent: string): boolean {
  return (parseInt(traceparent.slice(-2), 16) & 1) === 1;
}

/** X-Ray's header for a traceparent, e.g. `Root=1-…-…;Parent=…;Sampled=1`; undefined for an invalid one. */
export function traceHeaderOf(traceparent: string | undefined): string | undefined {
  const [, traceId, parentId] = w3c.exec(traceparent ?? '') ?? [];
  if (traceId === undefined) return undefined;
  return `Root=1-${traceId.slice(0, 8)}-${traceId.slice(8)};Parent=${parentId};Sampled=${isSampled(traceparent!) ? 1 : 0}`;
}

/** The traceparent for X-Ray's header; undefined for an invalid header. */
export function traceparentOf(traceHeader: string | undefined): string | undefined {
  const fields = Object.fromEntries(
    (traceHeader ?? '').split(';').map((field) => field.trim().split('=', 2)),
  ) as Record<string, string>;
  const [, time, random] = xRayRoot.exec(fields.Root ?? '') ?? [];
  if (time === undefined) return undefined;
  // A header may have no parent. Part of the trace id then replaces it, so that a header always gives the same result.
  const parentId = xRayParent.test(fields.Parent ?? '') ? fields.Parent : random!.slice(-16);
  const traceparent = `00-${time}${random}-${parentId}-0${fields.Sampled === '1' ? 1 : 0}`;
  return isTraceparent(traceparent) ? traceparent : undefined;
}

/** A new traceparent with the sampled flag set. Its trace id begins with the time, as X-Ray's ids do. */
export function newTraceparent(): string {
  const seconds = Math.floor(Date.now() / 1000)
    .toString(16)
    .padStart(8, '0');
  return `00-${seconds}${randomBytes(12).toString('hex')}-${randomBytes(8).toString('hex')}-01`;
}

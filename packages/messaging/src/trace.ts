import { randomBytes } from 'node:crypto';

/**
 * One trace, written in two ways: W3C Trace Context in an event's metadata (https://www.w3.org/TR/trace-context/#traceparent-header)
 * and X-Ray's header beside it, on the bus and in the queues. X-Ray's trace id is W3C's with hyphens. Translating them costs nothing
 * and needs no SDK in the bundles.
 */

/** Version ff and ids of zeros are invalid. */
const w3c = /^(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})$/;
const xRayRoot = /^1-([0-9a-f]{8})-([0-9a-f]{24})$/;
const xRayParent = /^[0-9a-f]{16}$/;

export function isTraceparent(text: string | undefined): text is string {
  return text !== undefined && w3c.test(text);
}

/** Whether a trace is recorded: the last bit of its flags. */
export function isSampled(traceparent: string): boolean {
  return (parseInt(traceparent.slice(-2), 16) & 1) === 1;
}

/** X-Ray's header of a trace, e.g. `Root=1-…-…;Parent=…;Sampled=1`; undefined for what is no trace. */
export function traceHeaderOf(traceparent: string | undefined): string | undefined {
  const [, traceId, parentId] = w3c.exec(traceparent ?? '') ?? [];
  if (traceId === undefined) return undefined;
  return `Root=1-${traceId.slice(0, 8)}-${traceId.slice(8)};Parent=${parentId};Sampled=${isSampled(traceparent!) ? 1 : 0}`;
}

/** The trace of X-Ray's header; undefined for what is no trace. */
export function traceparentOf(traceHeader: string | undefined): string | undefined {
  const fields = Object.fromEntries(
    (traceHeader ?? '').split(';').map((field) => field.trim().split('=', 2)),
  ) as Record<string, string>;
  const [, time, random] = xRayRoot.exec(fields.Root ?? '') ?? [];
  if (time === undefined) return undefined;
  // A header may name no parent. The same header must always be the same trace, so its place is taken by part of the id.
  const parentId = xRayParent.test(fields.Parent ?? '') ? fields.Parent : random!.slice(-16);
  const traceparent = `00-${time}${random}-${parentId}-0${fields.Sampled === '1' ? 1 : 0}`;
  return isTraceparent(traceparent) ? traceparent : undefined;
}

/** A new trace that is recorded. It begins with the time, as X-Ray's own ids do. */
export function newTraceparent(): string {
  const seconds = Math.floor(Date.now() / 1000)
    .toString(16)
    .padStart(8, '0');
  return `00-${seconds}${randomBytes(12).toString('hex')}-${randomBytes(8).toString('hex')}-01`;
}

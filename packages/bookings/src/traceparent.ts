import { isSampled, isTraceparent, newTraceparent, traceparentOf } from '@airline/messaging/trace';

/**
 * Returns the trace of the client, or else the trace of this Lambda invocation, or else a new trace. If Lambda traces,
 * Lambda decides whether the trace is sampled. Otherwise a client could have every booking recorded, at the airline's
 * cost.
 * @param header the `traceparent` of the HTTP request
 * @param lambdaTrace the X-Ray trace header of the invocation
 */
export function traceparentFrom(header: string | undefined, lambdaTrace = process.env._X_AMZN_TRACE_ID): string {
  const own = traceparentOf(lambdaTrace);
  if (!isTraceparent(header)) return own ?? newTraceparent();
  return own === undefined ? header : `${header.slice(0, -2)}${isSampled(own) ? '01' : '00'}`;
}

import { isSampled, isTraceparent, newTraceparent, traceparentOf } from '@airline/messaging/trace';

/**
 * The client's trace, else the one that Lambda has begun for this invocation, else a new one. Where Lambda traces, it decides whether
 * this is recorded: a client that could decide it would have every booking recorded at the airline's cost.
 * @param lambdaTrace X-Ray's header of the invocation
 */
export function traceparentFrom(header: string | undefined, lambdaTrace = process.env._X_AMZN_TRACE_ID): string {
  const own = traceparentOf(lambdaTrace);
  if (!isTraceparent(header)) return own ?? newTraceparent();
  return own === undefined ? header : `${header.slice(0, -2)}${isSampled(own) ? '01' : '00'}`;
}

import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import { problem } from './http-response.ts';

/** The caller of a route. Without a `customerId` the caller is anonymous: the route has no authorizer. */
export type Caller =
  | { kind: 'caller'; customerId?: string }
  /** The token is valid but names no customer. */
  | { kind: 'refused'; answer: APIGatewayProxyStructuredResultV2 };

/** The contract's limits of a customerId, and no characters that could forge a log line. */
const customerIdPattern = /^[^\p{Cc}\p{Cs}\p{Zl}\p{Zp}]{1,200}$/u;

/**
 * The caller of a request, from the `sub` of the token that API Gateway's authorizer verified. This function reads no
 * header. A route without an authorizer has no claims, so its caller is anonymous.
 */
export function callerOf(event: Pick<APIGatewayProxyEventV2, 'requestContext'>): Caller {
  // aws-lambda's type of an event without an authorizer has no such field.
  const { authorizer } = (event.requestContext ?? {}) as {
    authorizer?: { jwt?: { claims?: Record<string, unknown> } };
  };
  if (authorizer === undefined) return { kind: 'caller' };
  const subject = authorizer.jwt?.claims?.sub;
  if (typeof subject === 'string' && customerIdPattern.test(subject)) return { kind: 'caller', customerId: subject };
  const detail =
    'The token names no customer: its claim sub must be the id of an account, 1 to 200 characters. Log in as a customer.';
  return { kind: 'refused', answer: problem(403, 'No customer', detail) };
}

import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import { problem } from './http-response.ts';

/** Who asks: a customer who is logged in, or anyone, on a route that has no authorizer. */
export type Caller =
  | { kind: 'caller'; customerId?: string }
  /** The token is valid, and does not say whose it is. */
  | { kind: 'refused'; answer: APIGatewayProxyStructuredResultV2 };

/** As the contract has a customerId, and fit for a log. */
const customerIdPattern = /^[^\p{Cc}\p{Cs}\p{Zl}\p{Zp}]{1,200}$/u;

/**
 * Who asks, by the token that API Gateway's authorizer has verified: its `sub`. What the client itself sends is never looked at
 * here: without an authorizer on the route there are no claims.
 */
export function callerOf(event: Pick<APIGatewayProxyEventV2, 'requestContext'>): Caller {
  // The type of an event without an authorizer, as aws-lambda has it, does not know that there may be one.
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

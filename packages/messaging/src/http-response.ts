import type { APIGatewayProxyStructuredResultV2 } from 'aws-lambda';

/** One field of a request that is wrong: a JSON pointer into the body, and what to do about it. */
export interface FieldError {
  field: string;
  message: string;
}

/**
 * An HTTP answer that says what was wrong, as application/problem+json (RFC 9457).
 * @param detail a sentence for the person who made the request
 */
export function problem(
  status: number,
  title: string,
  detail: string,
  errors?: readonly FieldError[],
): APIGatewayProxyStructuredResultV2 {
  return {
    statusCode: status,
    headers: { 'content-type': 'application/problem+json', 'cache-control': 'no-store' },
    body: JSON.stringify({ type: 'about:blank', title, status, detail, ...(errors && { errors }) }),
  };
}

/** A successful HTTP answer with a JSON body. */
export function json(
  status: number,
  body: unknown,
  headers: Record<string, string> = {},
): APIGatewayProxyStructuredResultV2 {
  return {
    statusCode: status,
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  };
}

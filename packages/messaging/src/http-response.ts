import type { APIGatewayProxyStructuredResultV2 } from 'aws-lambda';

/** One invalid field of a request: its JSON pointer in the body, and how to correct it. */
export interface FieldError {
  field: string;
  message: string;
}

/**
 * An HTTP error response, as application/problem+json (RFC 9457).
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

/** A successful HTTP response with a JSON body. */
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

/**
 * The response to a request whose `If-None-Match` has the current ETag. It has the type of the response that the client
 * keeps: without one, API Gateway sends text/plain, and a cache may take that over (RFC 9111, section 3.2).
 */
export function notModified(headers: Record<string, string>): APIGatewayProxyStructuredResultV2 {
  return { statusCode: 304, headers: { 'content-type': 'application/json', ...headers } };
}

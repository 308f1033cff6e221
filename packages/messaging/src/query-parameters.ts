import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import { problem } from './http-response.ts';

/** The 400 response to a request with unknown query parameters, e.g. a misspelt one; undefined when all are known. */
export function refuseUnknownParameters(
  { routeKey, queryStringParameters = {} }: Pick<APIGatewayProxyEventV2, 'routeKey' | 'queryStringParameters'>,
  known: readonly string[],
): APIGatewayProxyStructuredResultV2 | undefined {
  const unknown = Object.keys(queryStringParameters).filter((name) => !known.includes(name));
  if (unknown.length === 0) return undefined;
  const allowed = known.length > 0 ? known.join(', ') : 'no query parameters';
  const errors = unknown.map((name) => ({
    field: name,
    message: `is unknown: ${routeKey} takes ${allowed}; leave it out`,
  }));
  return problem(400, 'Unknown query parameter', `${routeKey} takes ${allowed}, not ${unknown.join(', ')}.`, errors);
}

import { Logger } from '@aws-lambda-powertools/logger';
import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2, Context } from 'aws-lambda';
import { problem } from './http-response.ts';
import { idOrNothing } from './log-subject.ts';
import { loggedError } from './logged-error.ts';
import type { BufferedMetrics } from './metrics.ts';

/** Answers a request of API Gateway's HTTP API (payload format 2.0). */
export type HttpHandler = (
  event: APIGatewayProxyEventV2,
  context: Context,
) => Promise<APIGatewayProxyStructuredResultV2>;

export interface HttpHandlerOptions {
  /** @default Powertools' logger, as the function's environment sets it */
  logger?: Pick<Logger, 'error'>;
  /** Written out after each request. @default the API counts nothing */
  metrics?: Pick<BufferedMetrics, 'flush'>;
}

/**
 * The Lambda entry of a service's HTTP API. It logs an error that the API throws, and answers with status 500. The
 * answer does not contain the error.
 * @param createApi builds the API on the first request, so importing its file needs no environment. If it throws, the
 * function fails, and the alarm on the function's errors reports it.
 */
export function httpHandler(
  createApi: () => HttpHandler,
  { logger = new Logger(), metrics }: HttpHandlerOptions = {},
): HttpHandler {
  let api: HttpHandler | undefined;
  return async (event, context) => {
    api ??= createApi();
    try {
      return await api(event, context);
    } catch (error) {
      const correlationId = idOrNothing(event.pathParameters?.bookingId);
      logger.error('Request failed', {
        routeKey: event.routeKey,
        ...(correlationId && { correlationId }),
        error: loggedError(error),
      });
      return problem(500, 'Internal error', 'Something went wrong on our side. Try again in a moment.');
    } finally {
      metrics?.flush();
    }
  };
}

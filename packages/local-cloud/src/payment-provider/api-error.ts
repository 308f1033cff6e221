import type { PaymentIntent } from './objects.ts';

/** The `error` object of a Stripe response. Fields that do not apply are left out. */
export interface ApiErrorDetails {
  type: 'invalid_request_error' | 'card_error' | 'idempotency_error' | 'api_error';
  code?: string;
  decline_code?: string;
  doc_url?: string;
  message: string;
  param?: string;
  charge?: string;
  payment_intent?: PaymentIntent;
  payment_method?: object;
}

/** Stripe's error response to a request. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly statusCode: number;
  readonly details: ApiErrorDetails;

  constructor(statusCode: number, details: ApiErrorDetails) {
    super(details.message);
    this.statusCode = statusCode;
    this.details = details.code === undefined ? details : { ...details, doc_url: docUrl(details.code) };
  }
}

export function docUrl(code: string): string {
  return `https://stripe.com/docs/error-codes/${code.replaceAll('_', '-')}`;
}

export function invalidRequest(message: string, details: Partial<ApiErrorDetails> = {}, statusCode = 400): ApiError {
  return new ApiError(statusCode, { type: 'invalid_request_error', message, ...details });
}

/** Stripe responds with 404 to an unknown id in the path, and with 400 to one in a parameter. */
export function resourceMissing(what: string, id: string, param: string, statusCode: 400 | 404 = 400): ApiError {
  return invalidRequest(`No such ${what}: '${id}'`, { code: 'resource_missing', param }, statusCode);
}

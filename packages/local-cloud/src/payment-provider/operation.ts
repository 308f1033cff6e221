import type { Ledger } from './ledger.ts';
import type { RequestParameters } from './request-parameters.ts';

/** What every operation works on. */
export interface Api {
  ledger: Ledger;
  /** Unix time in seconds. */
  now: () => number;
}

/**
 * One endpoint, in two steps. The call itself only reads and validates the parameters; the function it returns executes the
 * request and answers with the object to send. Stripe draws the same line: what fails before the execution began is not
 * remembered under an idempotency key. Both throw ApiError.
 * @param id the id in the path; empty where the path has none
 */
export type Operation = (api: Api, parameters: RequestParameters, id: string) => () => object;

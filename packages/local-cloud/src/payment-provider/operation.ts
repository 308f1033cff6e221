import type { Ledger } from './ledger.ts';
import type { RequestParameters } from './request-parameters.ts';

/** The state and the clock that all operations use. */
export interface Api {
  ledger: Ledger;
  /** Unix time in seconds. */
  now: () => number;
}

/**
 * One endpoint of the API, in two steps. The call reads and validates the parameters. The function that it returns
 * executes the request and returns the object of the response. Both throw ApiError. Stripe makes the same distinction:
 * it does not store an error from before the execution under an idempotency key.
 * @param id the id in the path, or an empty string when the path has none
 */
export type Operation = (api: Api, parameters: RequestParameters, id: string) => () => object;

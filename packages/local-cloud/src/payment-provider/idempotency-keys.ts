import { ApiError, invalidRequest } from './api-error.ts';

export interface Answer {
  statusCode: number;
  body: object;
}

export interface KeyedRequest {
  key: string;
  requestId: string;
  path: string;
  /** Equal for requests with the same parameters, such as a hash of them. */
  parameters: string;
}

export interface KeyedAnswer {
  answer: Answer;
  /** The id of the request that was executed: this one, or the first one with the key. */
  originalRequest: string;
  replayed: boolean;
}

interface Entry {
  path: string;
  parameters: string;
  requestId: string;
  createdAt: number;
  /** Missing during the execution of the request. */
  answer?: Answer;
}

const LIFETIME_MS = 24 * 60 * 60 * 1000;
const MAXIMUM_LENGTH = 255;

/**
 * Stripe's idempotency keys. The first request with a key is executed. For 24 hours, requests with the same key get the
 * same response, even when it is an error.
 * https://docs.stripe.com/api/idempotent_requests
 */
export class IdempotencyKeys {
  readonly #now: () => Date;
  /** In the order of first use: the oldest keys come first. */
  readonly #entries = new Map<string, Entry>();

  constructor(now: () => Date) {
    this.#now = now;
  }

  /** @throws ApiError 400 when another request used the key, 409 during the execution of the first request */
  async run(request: KeyedRequest, execute: () => Promise<Answer>): Promise<KeyedAnswer> {
    const { key, path, parameters, requestId } = request;
    if (key.length > MAXIMUM_LENGTH)
      throw invalidRequest(`Idempotency keys can have up to ${MAXIMUM_LENGTH} characters.`);
    this.#deleteExpired();
    const known = this.#entries.get(key);
    if (known) {
      refuseOtherRequest(request, known);
      if (known.answer === undefined) throw inUse(key);
      return { answer: known.answer, originalRequest: known.requestId, replayed: true };
    }
    const entry: Entry = { path, parameters, requestId, createdAt: this.#now().getTime() };
    this.#entries.set(key, entry);
    try {
      entry.answer = await execute();
      return { answer: entry.answer, originalRequest: requestId, replayed: false };
    } finally {
      // Without a response to repeat, the next request with this key is executed.
      if (entry.answer === undefined) this.#entries.delete(key);
    }
  }

  #deleteExpired(): void {
    const oldest = this.#now().getTime() - LIFETIME_MS;
    for (const [key, { createdAt }] of this.#entries) {
      if (createdAt > oldest) return;
      this.#entries.delete(key);
    }
  }
}

function refuseOtherRequest({ key, path, parameters }: KeyedRequest, known: Entry): void {
  const advice = `Try using a key other than '${key}' if you meant to execute a different request.`;
  const refuse = (message: string) => new ApiError(400, { type: 'idempotency_error', message: `${message} ${advice}` });
  if (path !== known.path) {
    const endpoints = `('${path}' vs '${known.path}')`;
    throw refuse(
      `Keys for idempotent requests can only be used for the same endpoint they were first used for ${endpoints}.`,
    );
  }
  if (parameters !== known.parameters) {
    throw refuse('Keys for idempotent requests can only be used with the same parameters they were first used with.');
  }
}

function inUse(key: string): ApiError {
  const message =
    'There is currently another in-progress request using this Idempotent Key (that probably means you submitted ' +
    `twice, and the other request is still going through): ${key}. Please try again later.`;
  return invalidRequest(message, { code: 'idempotency_key_in_use' }, 409);
}

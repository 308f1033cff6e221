export interface Throttling {
  /** Tokens that the bucket gets back in a second: the highest lasting number of requests per second. */
  rate: number;
  /** Tokens in a full bucket: the highest number of requests at once. */
  burst: number;
}

/** A token bucket. Each request takes one token. */
export class TokenBucket {
  readonly #throttling: Throttling;
  readonly #now: () => number;
  #tokens: number;
  #filledAt: number;

  /** @param now a monotonic clock, in milliseconds */
  constructor(throttling: Throttling, now: () => number = () => performance.now()) {
    this.#throttling = throttling;
    this.#now = now;
    this.#tokens = throttling.burst;
    this.#filledAt = now();
  }

  /** @returns false when the bucket has no token left: the request must be rejected */
  take(): boolean {
    const { rate, burst } = this.#throttling;
    const now = this.#now();
    this.#tokens = Math.min(burst, this.#tokens + ((now - this.#filledAt) / 1000) * rate);
    this.#filledAt = now;
    if (this.#tokens < 1) return false;
    this.#tokens -= 1;
    return true;
  }
}

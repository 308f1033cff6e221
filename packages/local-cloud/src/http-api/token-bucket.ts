export interface Throttling {
  /** Requests a second, in the long run. */
  rate: number;
  /** How many may come at once. */
  burst: number;
}

/** Lets `burst` requests through at once and `rate` a second after that. */
export class TokenBucket {
  readonly #throttling: Throttling;
  readonly #now: () => number;
  #tokens: number;
  #filledAt: number;

  /** @param now milliseconds that never go back */
  constructor(throttling: Throttling, now: () => number = () => performance.now()) {
    this.#throttling = throttling;
    this.#now = now;
    this.#tokens = throttling.burst;
    this.#filledAt = now();
  }

  /** @returns whether there was a token left for one more request */
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

import type { Service } from './bus.ts';
import type { Message } from './simulated-queue.ts';

/** A pending call of a run on a port. It has had no effect yet. */
export interface Request {
  run: Run;
  /** `port.method`, such as `seatStore.save`. */
  operation: string;
  /** The booking of the call. Undefined for several bookings, and for none in particular. */
  bookingId: string | undefined;
  /** Performs the call. @param refused positions of the entries that PutEvents rejects */
  effect: (refused?: ReadonlySet<number>) => Promise<unknown>;
  answer: (result: unknown) => void;
  fail: (error: Error) => void;
  /** The earliest time of its response, in milliseconds since the epoch. */
  notBefore: number;
  /** The time until which it may still arrive, after its caller crashed or got a timeout. */
  arrivesBefore: number;
}

/** An error that the simulation injected. */
export class InjectedFault extends Error {
  override readonly name = 'InjectedFault';
}

/**
 * One invocation of a service's function with a batch of messages. Between two requests it has no effect outside, so
 * the order of the responses controls it completely. A crashed run gets no more responses.
 */
export class Run {
  readonly id: number;
  readonly service: Service;
  readonly messages: readonly Message[];
  readonly startedAt: number;
  /** Milliseconds by which its clock is ahead of the simulation's clock. */
  readonly skew: number;
  pending: Request[] = [];
  state: 'live' | 'done' | 'dead' = 'live';
  /** All responses so far. Together with its messages, they determine its position. */
  history = '';

  constructor(id: number, service: Service, messages: readonly Message[], startedAt: number, skew: number) {
    this.id = id;
    this.service = service;
    this.messages = messages;
    this.startedAt = startedAt;
    this.skew = skew;
  }

  get name(): string {
    return `${this.service}#${this.id}`;
  }

  request<T>(
    operation: string,
    bookingId: string | undefined,
    effect: (refused?: ReadonlySet<number>) => T | Promise<T>,
  ): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      if (this.state !== 'live') return;
      this.pending.push({
        run: this,
        operation,
        bookingId,
        effect: async (refused) => effect(refused),
        answer: resolve as (result: unknown) => void,
        fail: reject,
        notBefore: 0,
        arrivesBefore: 0,
      });
    });
  }

  /** Wraps a port: each call of a method becomes a request of this run. */
  intercept<T extends object>(port: string, target: T): T {
    return new Proxy(target, {
      get: (_, method) => {
        const real: unknown = Reflect.get(target, method);
        if (typeof real !== 'function' || typeof method !== 'string') return real;
        return (...args: unknown[]) =>
          this.request(`${port}.${method}`, this.#bookingIn(args), () => real.apply(target, args) as unknown);
      },
    });
  }

  /** The booking of this run whose id is an argument, or the `bookingId` of an argument. */
  #bookingIn(args: readonly unknown[]): string | undefined {
    const ids = args.map((arg) =>
      typeof arg === 'object' && arg !== null && 'bookingId' in arg ? arg.bookingId : arg,
    );
    return this.messages.find(({ bookingId }) => ids.includes(bookingId))?.bookingId;
  }

  /** @returns the pending requests */
  crash(): Request[] {
    this.state = 'dead';
    return this.pending.splice(0);
  }
}

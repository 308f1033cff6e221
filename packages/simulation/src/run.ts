import type { Service } from './bus.ts';
import type { Message } from './simulated-queue.ts';

/** A call that a run made on a port and that has not been answered: nothing of it has happened yet. */
export interface Request {
  run: Run;
  /** `port.method`, e.g. `store.save`. */
  operation: string;
  /** Whom it is about; several bookings, or none in particular, have no one id. */
  bookingId: string | undefined;
  /** Makes it happen. PutEvents refuses the entries at these positions. */
  effect: (refused?: ReadonlySet<number>) => Promise<unknown>;
  answer: (result: unknown) => void;
  fail: (error: Error) => void;
  /** Not to be answered before this time (milliseconds since the epoch). */
  notBefore: number;
  /** Once its caller is dead or has given it up: until when it may still arrive. */
  landsBefore: number;
}

/** A failure that the simulation made. */
export class InjectedFault extends Error {
  override readonly name = 'InjectedFault';
}

/**
 * One invocation of a service's function with a batch of messages. Between two requests nothing in it can be seen from outside, so
 * that a run is wholly controlled by who is answered when. A run that crashed is simply never answered again.
 */
export class Run {
  readonly id: number;
  readonly service: Service;
  readonly messages: readonly Message[];
  readonly startedAt: number;
  /** How far its clock is ahead of the true one, in milliseconds. */
  readonly skew: number;
  pending: Request[] = [];
  state: 'live' | 'done' | 'dead' = 'live';
  /** All that it was told so far: together with its messages, its position. */
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
        landsBefore: 0,
      });
    });
  }

  /** A port whose every method is a request of this run. */
  intercept<T extends object>(port: string, target: T): T {
    return new Proxy(target, {
      get: (_, method) => {
        const real: unknown = Reflect.get(target, method);
        if (typeof real !== 'function' || typeof method !== 'string') return real;
        return (...args: unknown[]) =>
          this.request(`${port}.${method}`, this.#subjectOf(args), () => real.apply(target, args) as unknown);
      },
    });
  }

  /** The booking that one of the arguments names, or bears. */
  #subjectOf(args: readonly unknown[]): string | undefined {
    const named = args.map((arg) =>
      typeof arg === 'object' && arg !== null && 'bookingId' in arg ? arg.bookingId : arg,
    );
    return this.messages.find(({ bookingId }) => named.includes(bookingId))?.bookingId;
  }

  /** @returns the requests that were under way */
  crash(): Request[] {
    this.state = 'dead';
    return this.pending.splice(0);
  }
}

import { AsyncLocalStorage } from 'node:async_hooks';

/** A call to something outside while a message was handled, as the message's log line has it. */
export interface Call {
  /** E.g. `payment provider confirm`. */
  name: string;
  /** When it began, in milliseconds after the message was received. */
  afterMs: number;
  /** Milliseconds. Undefined: it had not ended when the line was written. */
  ms?: number;
  failed?: true;
}

const current = new AsyncLocalStorage<{ startedAt: number; calls: Call[] }>();
/** Of one message. A line of a log must not grow without end. */
const mostCalls = 20;

/** Runs the work on one message, and adds the calls of its timed adapters to `calls` as they begin. */
export function collectCalls<T>(calls: Call[], work: () => T): T {
  return current.run({ startedAt: performance.now(), calls }, work);
}

/**
 * An adapter whose methods do the same, and note how long they took for the log line of the message that is handled.
 * @param name of what it calls, e.g. `mail`
 * @param longerThanMs quicker calls that succeed are not noted. @default all are
 */
export function timed<T extends object>(name: string, adapter: T, longerThanMs = 0): T {
  const methods = Object.entries(adapter).map(([method, value]: [string, unknown]) => {
    if (typeof value !== 'function') return [method, value] as const;
    const call = value as (...given: unknown[]) => unknown;
    return [method, (...given: unknown[]) => note(`${name} ${method}`, () => call(...given), longerThanMs)] as const;
  });
  return Object.fromEntries(methods) as T;
}

async function note(name: string, work: () => unknown, longerThanMs: number): Promise<unknown> {
  const message = current.getStore();
  if (!message || message.calls.length >= mostCalls) return work();
  const begun = performance.now();
  const call: Call = { name, afterMs: Math.round(begun - message.startedAt) };
  message.calls.push(call);
  try {
    return await work();
  } catch (error) {
    call.failed = true;
    throw error;
  } finally {
    call.ms = Math.round(performance.now() - begun);
    if (!call.failed && call.ms < longerThanMs) message.calls.splice(message.calls.indexOf(call), 1);
  }
}

/** Table calls take milliseconds. One that takes as long as this is worth a look. */
export const slowTableCallMs = 100;

import type { Chaos } from './chaos.ts';
import type { RunInvocation } from '../lambda/function-thread.ts';

/** About the duration of a batch. Most invocations have ended after it, so a later kill would have no effect. */
const LATEST_KILL_MS = 100;

/** Kills some workers: during an invocation, or after its last call and before its result is returned. */
export function injectInvocationFaults(chaos: Chaos): RunInvocation {
  return async (worker, requestId, event) => {
    const { name } = worker;
    // The fault is counted when it happens: an invocation can end before its worker is killed.
    const fault = chaos.decide('invocation', name, OPERATION, false);
    if (!fault) return worker.run(requestId, event);
    if (fault.kind === 'killed-after') {
      await worker.run(requestId, event);
      chaos.count(name, OPERATION, fault.kind, messagesIn(event));
      await worker.stop();
      const errorMessage = 'Chaos: the worker was killed before it returned its result';
      return { kind: 'failed', error: { errorType: 'Runtime.ExitError', errorMessage } };
    }
    const kill = setTimeout(() => {
      chaos.count(name, OPERATION, fault.kind, messagesIn(event));
      void worker.stop();
    }, fault.size * LATEST_KILL_MS);
    try {
      return await worker.run(requestId, event);
    } finally {
      clearTimeout(kill);
    }
  };
}

const OPERATION = 'Lambda invocation';

/** The number of messages in a batch. 0 for an event that is not a batch, such as an HTTP request. */
const messagesIn = (event: string): number => (JSON.parse(event) as { Records?: unknown[] }).Records?.length ?? 0;

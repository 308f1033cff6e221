import type { Chaos } from './chaos.ts';
import type { RunInvocation } from '../lambda/function-thread.ts';

/** About as long as a batch takes: a later death would meet nobody any more. */
const LATEST_DEATH_MS = 100;

/** Runs an invocation whose worker may die under it, at any moment, or when all is done and nobody knows yet. */
export function runUnreliably(chaos: Chaos): RunInvocation {
  return async (worker, requestId, event) => {
    const { name } = worker;
    // Counted when it happens: an invocation can end before its death.
    const fault = chaos.decide('invocation', name, OPERATION, false);
    if (!fault) return worker.run(requestId, event);
    if (fault.kind === 'killed-after') {
      await worker.run(requestId, event);
      chaos.count(name, OPERATION, fault.kind, messagesIn(event));
      await worker.stop();
      const errorMessage = 'Chaos: the worker died before its answer';
      return { kind: 'failed', error: { errorType: 'Runtime.ExitError', errorMessage } };
    }
    const death = setTimeout(() => {
      chaos.count(name, OPERATION, fault.kind, messagesIn(event));
      void worker.stop();
    }, fault.size * LATEST_DEATH_MS);
    try {
      return await worker.run(requestId, event);
    } finally {
      clearTimeout(death);
    }
  };
}

const OPERATION = 'Lambda invocation';

/** None for what is no batch of a queue, such as an HTTP request. */
const messagesIn = (event: string): number => (JSON.parse(event) as { Records?: unknown[] }).Records?.length ?? 0;

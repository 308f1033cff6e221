import { randomUUID } from 'node:crypto';
import type { Target } from '../airline/target.ts';
import { counted } from '../cli/format.ts';
import { type Check, Unmet } from './check.ts';
import { requiresLogin } from './customer.ts';

/**
 * Every route answers. The requests change nothing: they are refused by the function behind the route, or by the
 * authorizer if customers log in.
 */
export function checkRoutes(target: Target, flightId: string): Check {
  return {
    name: 'routes',
    expected: 'every route reaches its function, and those of bookings answer 401 where customers log in',
    next: 'runbook, "The front door answers 5xx" or "Clients get 401 or 429"',
    async run() {
      const login = await requiresLogin(target);
      const ofCustomers = (status: number): number => (login ? 401 : status);
      const asked: [method: string, path: string, expected: number][] = [
        ['GET', '/flights?limit=1', 200],
        ['GET', `/flights/${flightId}/seats`, 200],
        ['POST', '/bookings', ofCustomers(400)],
        ['GET', `/bookings/${randomUUID()}`, ofCustomers(404)],
        ['DELETE', '/bookings/not-an-id', ofCustomers(400)],
      ];
      const mistakes: string[] = [];
      for (const [method, path, expected] of asked) {
        const init = method === 'POST' ? { headers: { 'content-type': 'application/json' }, body: '{}' } : {};
        const { status } = await target.fetchAnonymously(path, { method, ...init });
        if (status !== expected) mistakes.push(`${method} ${path} answered ${status}, not ${expected}`);
      }
      if (mistakes.length > 0) throw new Unmet(mistakes.join('; '));
      return `${counted(asked.length, 'route')} answer${login ? '; without a token, those of bookings answer 401' : ''}`;
    },
  };
}

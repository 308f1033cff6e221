import type { IncomingMessage, ServerResponse } from 'node:http';
import { isObject } from '../is-object.ts';
import type { Chaos, ChaosOptions, StandingFault } from './chaos.ts';
import { chaosProfiles, faultKinds, isProfileName } from './chaos-profiles.ts';

/**
 * Handles `/_local/chaos`. GET reports the faults so far. POST `{enabled, seed, profile, standing}` enables or disables
 * them. A seed or a profile restarts them with empty counters; `standing` replaces the standing faults. The response is
 * 409 when the local cloud runs without chaos.
 */
export async function answerChaosControl(
  chaos: Chaos | undefined,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  if (!chaos) return answer(response, 409, { message: 'Chaos is off: start the local cloud with --chaos SEED.' });
  if (request.method === 'GET') return answer(response, 200, chaos.report());
  if (request.method !== 'POST')
    return answer(response, 405, { message: 'GET reports the faults, POST enables and disables them.' });
  let body = '';
  for await (const chunk of request) body += String(chunk);
  const control = readControl(body, chaos.report());
  if (typeof control === 'string') return answer(response, 400, { message: control });
  if (control.standing) chaos.stand(control.standing);
  if (control.enabled) chaos.enable(control.options);
  else chaos.disable();
  answer(response, 200, chaos.report());
}

/** @returns the settings, or a message about an invalid body */
function readControl(
  body: string,
  current: ChaosOptions,
): { enabled: boolean; options: ChaosOptions | undefined; standing: StandingFault[] | undefined } | string {
  let input: { enabled?: unknown; seed?: unknown; profile?: unknown; standing?: unknown };
  try {
    input = { ...(JSON.parse(body || '{}') as object) };
  } catch {
    return 'The body is not JSON.';
  }
  const { enabled = true, seed = current.seed, profile = current.profile, standing } = input;
  if (typeof enabled !== 'boolean') return 'enabled must be true or false.';
  if (!Number.isInteger(seed)) return 'seed must be a whole number.';
  if (!isProfileName(profile)) return `profile must be one of ${Object.keys(chaosProfiles).join(', ')}.`;
  if (standing !== undefined && !(Array.isArray(standing) && standing.every(isStandingFault)))
    return 'standing must be a list of {family, kind, party, operation}, the last two optional.';
  const isRestart = input.seed !== undefined || input.profile !== undefined;
  return { enabled, options: isRestart ? { seed: seed as number, profile } : undefined, standing };
}

function isStandingFault(value: unknown): value is StandingFault {
  if (!isObject(value)) return false;
  const { family, kind, party = '', operation = '' } = value;
  return (
    typeof family === 'string' &&
    Object.hasOwn(chaosProfiles.none.rates, family) &&
    typeof kind === 'string' &&
    Object.hasOwn(faultKinds, kind) &&
    typeof party === 'string' &&
    typeof operation === 'string'
  );
}

function answer(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(body));
}

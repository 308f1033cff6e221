import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Chaos, ChaosOptions } from './chaos.ts';
import { chaosProfiles, isProfileName } from './chaos-profiles.ts';

/**
 * `/_local/chaos`: GET reports the faults so far, POST `{enabled, seed, profile}` begins and ends them; with a seed or a profile
 * it begins anew. 409 from a local cloud that was started without.
 */
export async function answerChaosControl(
  chaos: Chaos | undefined,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  if (!chaos) return answer(response, 409, { message: 'Chaos is off: start the local cloud with --chaos SEED.' });
  if (request.method === 'GET') return answer(response, 200, chaos.report());
  if (request.method !== 'POST')
    return answer(response, 405, { message: 'GET reports the faults, POST begins and ends them.' });
  let body = '';
  for await (const chunk of request) body += String(chunk);
  const asked = readControl(body, chaos.report());
  if (typeof asked === 'string') return answer(response, 400, { message: asked });
  if (asked.enabled) chaos.enable(asked.options);
  else chaos.disable();
  answer(response, 200, chaos.report());
}

/** @returns what is asked for, or what is wrong with it */
function readControl(
  body: string,
  current: ChaosOptions,
): { enabled: boolean; options: ChaosOptions | undefined } | string {
  let input: { enabled?: unknown; seed?: unknown; profile?: unknown };
  try {
    input = { ...(JSON.parse(body || '{}') as object) };
  } catch {
    return 'The body is not JSON.';
  }
  const { enabled = true, seed = current.seed, profile = current.profile } = input;
  if (typeof enabled !== 'boolean') return 'enabled must be true or false.';
  if (!Number.isInteger(seed)) return 'seed must be a whole number.';
  if (!isProfileName(profile)) return `profile must be one of ${Object.keys(chaosProfiles).join(', ')}.`;
  const anew = input.seed !== undefined || input.profile !== undefined;
  return { enabled, options: anew ? { seed: seed as number, profile } : undefined };
}

function answer(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(body));
}

/** Events that neither a service's queue nor its dead-letter queue took. */
import { readBookingId } from '@airline/events-schemas/booking-id';
import type { Target } from '../airline/target.ts';

/** An event that EventBridge lost on its way to a service. Only the bus's archive has it. */
export interface LostEvent {
  /** The service that did not get the event. */
  service: string;
  /** The name of the rule, for `pnpm replay --rule`. */
  rule: string;
  eventId: string;
  detailType: string;
  bookingId?: string;
  /** When EventBridge gave up, in RFC 3339 UTC. */
  at: string;
  /** Why the queue refused the event. */
  error: string;
  /** Why its dead-letter queue refused it; undefined when there is none. */
  deadLetterError?: string;
}

/** The answer of the local cloud's `/_local/lost-deliveries`. */
interface Answer {
  count: number;
  deliveries: {
    eventId: string;
    ruleArn: string;
    targetArn: string;
    error: { code: string; message: string };
    deadLetterError?: { code: string; message: string };
    at: string;
    body: string;
  }[];
}

/** Says where the lost events of an airline on AWS are counted: EventBridge has no API that lists them. */
export const lostEventsOnAws =
  'Events that no queue took are not shown here: the alarms *-lost-events count them (docs/runbook.md, "Events were lost").';

/**
 * The lost events since the local cloud started, oldest first. A replay that delivers an event removes it.
 * @returns undefined for an airline on AWS, which only counts them
 * @throws Error when the local cloud does not answer
 */
export async function lostEvents(target: Target): Promise<LostEvent[] | undefined> {
  if (target.endpoint === undefined) return undefined;
  const parameters = await target.parameters();
  const response = await fetch(`${target.endpoint}/_local/lost-deliveries`);
  if (!response.ok) throw new Error(`The local cloud answered ${response.status} for its lost deliveries.`);
  const { deliveries } = (await response.json()) as Answer;
  const owners = new Map<string, string>();
  for (const [path, url] of parameters) {
    if (path.endsWith('/queue-url')) owners.set(nameIn(url, '/'), path.slice(0, path.indexOf('/')));
  }
  return deliveries.map(({ eventId, ruleArn, targetArn, error, deadLetterError, at, body }) => {
    const { detailType, bookingId } = contentOf(body);
    const queue = nameIn(targetArn, ':');
    return {
      service: owners.get(queue) ?? queue,
      rule: nameIn(ruleArn, '/'),
      eventId,
      detailType,
      ...(bookingId !== undefined && { bookingId }),
      at,
      error: `${error.code}: ${error.message}`,
      ...(deadLetterError && { deadLetterError: `${deadLetterError.code}: ${deadLetterError.message}` }),
    };
  });
}

/** What happened to a lost event, and what to do about it, in lines. */
export function describeLostEvent({ service, rule, eventId, at, error, deadLetterError }: LostEvent): string {
  const refusals =
    deadLetterError === error
      ? [`its queue and its dead-letter queue: ${error}`]
      : [`its queue: ${error}`, `its dead-letter queue: ${deadLetterError ?? 'the rule has none'}`];
  // EventBridge's code for a message that the queue can never carry, e.g. because of its characters or its length.
  const action = error.startsWith('INVALID_PARAMETER')
    ? 'the queue refuses the message itself: its producer must publish a corrected one'
    : `when the cause is gone, type \`pnpm replay --from TIME --rule ${rule}\` with a time before that`;
  return [
    `${service} did not get the event ${eventId} at ${at}`,
    ...refusals.map((line) => `  ${line}`),
    `  only the archive has it; ${action}`,
  ].join('\n');
}

/** The id of the event's booking, in small letters; undefined for anything else, which is not printed. */
function contentOf(body: string): { detailType: string; bookingId: string | undefined } {
  const event = JSON.parse(body) as { 'detail-type': string; detail: { data?: { bookingId?: unknown } | null } };
  const id = event.detail.data?.bookingId;
  return { detailType: event['detail-type'], bookingId: typeof id === 'string' ? readBookingId(id) : undefined };
}

function nameIn(text: string, separator: string): string {
  return text.slice(text.lastIndexOf(separator) + 1);
}

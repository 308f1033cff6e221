/** A place where faults are injected. Each family has its own kinds of faults. */
export type Family =
  | 'delivery'
  | 'put-events-entry'
  | 'aws-request'
  | 'mail-request'
  | 'provider-request'
  | 'provider-execution'
  | 'invocation'
  | 'acknowledgement'
  | 'receive';

export type FaultKind = keyof typeof faultKinds;

/** Describes each kind of fault in a sentence. */
export const faultKinds = {
  duplicated: 'EventBridge delivers an event to a queue twice',
  delayed: 'EventBridge delivers an event seconds later, after events that were published later',
  'not-allowed': 'the queue denies access to EventBridge: the event goes to the dead-letter queue of the rule target',
  'entry-refused': 'PutEvents rejects one entry and accepts the other entries of the request',
  'entry-taken': 'PutEvents accepts an entry, and the response reports it as failed',
  throttled: 'a request and the next ones are throttled, and have no effect',
  failed: 'a request has no effect, and the response is a 500',
  'failed-after': 'a request has its effect, and the response is a 500',
  'reply-lost': 'a request has its effect, and the connection closes before the response',
  hangs: 'a request has no effect and gets no response',
  slow: 'a request has its effect after its client timed out',
  'error-kept': 'a request has no effect, and its idempotency key repeats a 500 for a day',
  'error-kept-after': 'a request has its effect, and its idempotency key repeats a 500 for a day',
  outage: 'every request fails until the outage ends; of a queue, nobody receives its messages',
  'killed-during': 'a worker is killed during an invocation',
  'killed-after': 'a worker is killed after the last call of an invocation, before its result is returned',
  'not-deleted': 'a handled message is not deleted from its queue',
  'received-twice': 'a message is received twice at the same time',
} as const;

export interface ChaosProfile {
  /** The probability of each kind of fault, for each decision. */
  rates: Record<Family, Partial<Record<FaultKind, number>>>;
  /** All requests of a family fail for `seconds`, starting `afterSeconds` after the faults were enabled. */
  outage?: { family: Family; afterSeconds: number; seconds: number };
}

const rates: ChaosProfile['rates'] = {
  delivery: { duplicated: 0.02, delayed: 0.03, throttled: 0.002, 'failed-after': 0.005, 'not-allowed': 0.001 },
  'put-events-entry': { 'entry-refused': 0.005, 'entry-taken': 0.005 },
  'aws-request': { throttled: 0.002, failed: 0.002, 'failed-after': 0.003, 'reply-lost': 0.003 },
  'mail-request': { throttled: 0.01, failed: 0.01, 'failed-after': 0.01, 'reply-lost': 0.01 },
  'provider-request': { failed: 0.01, 'failed-after': 0.01, 'reply-lost': 0.01, hangs: 0.002 },
  // `slow` and `hangs` delay a whole batch by seconds, so their rates are low.
  'provider-execution': { slow: 0.002, 'error-kept': 0.004, 'error-kept-after': 0.004 },
  invocation: { 'killed-during': 0.01, 'killed-after': 0.005 },
  acknowledgement: { 'not-deleted': 0.004 },
  receive: { 'received-twice': 0.004 },
};

export type ProfileName = keyof typeof chaosProfiles;

export const chaosProfiles = {
  /** No faults but the standing ones, which `/_local/chaos` switches. */
  none: { rates: times(0) },
  /** A fifth of the default rates: a bad day on AWS. */
  calm: { rates: times(0.2) },
  default: { rates },
  /** Four times the default rates. */
  storm: { rates: times(4) },
  /** The rates of `calm`, and the payment provider is down for a minute. */
  'provider-outage': { rates: times(0.2), outage: { family: 'provider-request', afterSeconds: 5, seconds: 60 } },
  /** As `provider-outage`, but longer than five receives of a message, so that payments' messages are dead-lettered. */
  'long-outage': { rates: times(0.2), outage: { family: 'provider-request', afterSeconds: 5, seconds: 150 } },
} satisfies Record<string, ChaosProfile>;

export function isProfileName(name: unknown): name is ProfileName {
  return typeof name === 'string' && Object.hasOwn(chaosProfiles, name);
}

function times(factor: number): ChaosProfile['rates'] {
  const scaled = Object.entries(rates).map(([family, kinds]) => [
    family,
    Object.fromEntries(Object.entries(kinds).map(([kind, rate]) => [kind, rate * factor])),
  ]);
  return Object.fromEntries(scaled) as ChaosProfile['rates'];
}

/** Where things go wrong: each family has kinds of its own. */
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

/** Every kind of fault, in a sentence. */
export const faultKinds = {
  duplicated: 'EventBridge delivers an event to a queue twice',
  delayed: 'EventBridge delivers an event seconds later, so after others that were published later',
  'not-allowed':
    'the queue refuses EventBridge: the event goes to the dead-letter queue of what could not be delivered',
  'entry-refused': 'PutEvents takes the other entries of a request and not this one',
  'entry-taken': 'PutEvents takes an entry and answers that it did not',
  throttled: 'a request is refused before it has any effect, and so are the next ones',
  failed: 'a request is answered with a 500 and has no effect',
  'failed-after': 'a request is answered with a 500 and has had its effect',
  'reply-lost': 'a request has its effect and the connection breaks before the answer',
  hangs: 'a request has no effect and is never answered',
  slow: 'a request has its effect after its client gave up',
  outage: 'every request fails, for as long as the outage lasts',
  'killed-during': 'a worker dies in the middle of an invocation',
  'killed-after': 'a worker dies after its last call, before its answer',
  'not-deleted': 'a handled message is not deleted from its queue',
  'received-twice': 'a message is received twice at the same time',
} as const;

export interface ChaosProfile {
  /** Of each kind, per decision. */
  rates: Record<Family, Partial<Record<FaultKind, number>>>;
  /** Everything of that family fails for a while, counted from when the faults began. */
  outage?: { family: Family; afterSeconds: number; seconds: number };
}

const rates: ChaosProfile['rates'] = {
  delivery: { duplicated: 0.02, delayed: 0.03, throttled: 0.002, 'failed-after': 0.005, 'not-allowed': 0.001 },
  'put-events-entry': { 'entry-refused': 0.005, 'entry-taken': 0.005 },
  'aws-request': { throttled: 0.002, failed: 0.002, 'failed-after': 0.003, 'reply-lost': 0.003 },
  'mail-request': { throttled: 0.01, failed: 0.01, 'failed-after': 0.01, 'reply-lost': 0.01 },
  'provider-request': { failed: 0.01, 'failed-after': 0.01, 'reply-lost': 0.01, hangs: 0.002 },
  // This and the one before keep a batch waiting for seconds: few of them are many.
  'provider-execution': { slow: 0.002 },
  invocation: { 'killed-during': 0.01, 'killed-after': 0.005 },
  acknowledgement: { 'not-deleted': 0.004 },
  receive: { 'received-twice': 0.004 },
};

export type ProfileName = keyof typeof chaosProfiles;

export const chaosProfiles = {
  /** A bad day on AWS. */
  calm: { rates: times(0.2) },
  default: { rates },
  /** Nothing works at the first attempt. */
  storm: { rates: times(4) },
  /** The payment provider is down for a minute, and everything else has a bad day. */
  'provider-outage': { rates: times(0.2), outage: { family: 'provider-request', afterSeconds: 5, seconds: 60 } },
  /** The same for longer than five tries take, so that payments' messages end up as dead letters. */
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

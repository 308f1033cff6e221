import type { EventType } from './events.ts';
import type { catalogue } from './generated/catalogue.ts';

/**
 * What a service hears: one rule each, by a name that says what it hears. Each service states it once, in its
 * `src/subscriptions.ts`, where stack, simulation and documents read it. The name becomes part of the rule's id, so
 * another name deletes the rule and creates a new one.
 */
export type Subscriptions = Readonly<Record<string, Subscription>>;

/** Events of one producer. Only detail-types that the contract has of this producer compile. */
export type Subscription = { [S in EventSource]: OfSource<S> & (Everything | Narrowed) }[EventSource];

type EventSource = (typeof catalogue)[EventType]['source'];

interface OfSource<S extends EventSource> {
  /** The producer, e.g. `airline.seats`. */
  readonly source: S;
  readonly detailTypes: readonly {
    [T in EventType]: (typeof catalogue)[T]['source'] extends S ? T : never;
  }[EventType][];
}

interface Everything {
  readonly detail?: never;
  readonly when?: never;
}

interface Narrowed {
  /** Which of these events: a pattern of their `detail`, in EventBridge's pattern language. */
  readonly detail: Readonly<Record<string, unknown>>;
  /** What `detail` says, for people: the documents print it after the service's name, e.g. "unless …". */
  readonly when: string;
}

/** The event pattern of a subscription's rule. */
export function eventPatternOf({ source, detailTypes, detail }: Subscription): Record<string, unknown> {
  return { source: [source], 'detail-type': [...detailTypes], ...(detail && { detail }) };
}

/**
 * The name of a subscription's rule.
 * @param service with the airline's name, e.g. `airline-payments`
 * @param ruleId the subscription's key: `ReleasedSeats` → `airline-payments-released-seats`
 */
export function ruleNameOf(service: string, ruleId: string): string {
  return `${service}-${ruleId.replaceAll(/(?!^)[A-Z]/g, '-$&').toLowerCase()}`;
}

import type { EventEnvelope } from '@airline/events-schemas/parse-event';
import { eventPatternOf, type Subscriptions } from '@airline/events-schemas/subscriptions';
import { matchesEventPattern } from '@airline/local-cloud/event-bridge/event-pattern';
import { subscriptions as ofPayments } from '@airline/payments/src/subscriptions.ts';
import { subscriptions as ofReceipts } from '@airline/receipts/src/subscriptions.ts';
import { subscriptions as ofSeats } from '@airline/seats/src/subscriptions.ts';
import { subscriptions as ofStatus } from '@airline/status/src/subscriptions.ts';

export const services = ['seats', 'payments', 'receipts', 'status'] as const;
export type Service = (typeof services)[number];

/** Milliseconds before Lambda ends a function; SQS shows its messages again after six times that. */
export const functionTimeouts: Record<Service, number> = {
  seats: 10_000,
  payments: 15_000,
  receipts: 10_000,
  status: 10_000,
};

const subscriptions: Record<Service, Subscriptions> = {
  seats: ofSeats,
  payments: ofPayments,
  receipts: ofReceipts,
  status: ofStatus,
};

/** The detail-types of a service's subscriptions. */
export function detailTypesHeardBy(service: Service): readonly string[] {
  return Object.values(subscriptions[service]).flatMap(({ detailTypes }) => detailTypes);
}

/** A rule of the bus that delivers to a service's queue. */
export interface ListeningRule {
  service: string;
  /** In EventBridge's pattern language. */
  pattern: Readonly<Record<string, unknown>>;
}

/** The services whose rules match an event. */
export type Listeners = (envelope: EventEnvelope) => Service[];

/** The listeners that these rules make. `detail` is matched only where a rule looks into it, for speed. */
export function listenersBy(rules: readonly ListeningRule[]): Listeners {
  const candidates = new Map<string, { service: Service; detail: unknown }[]>();
  const candidatesFor = ({
    source,
    'detail-type': detailType,
  }: EventEnvelope): { service: Service; detail: unknown }[] =>
    services.flatMap((service) =>
      rules
        .filter((rule) => rule.service === service)
        .map(({ pattern: { detail, ...pattern } }) => ({ service, detail, pattern }))
        .filter(({ pattern }) => matchesEventPattern(pattern, { source, 'detail-type': detailType })),
    );
  return (envelope) => {
    const key = `${envelope.source} ${envelope['detail-type']}`;
    const known = candidates.get(key) ?? candidatesFor(envelope);
    candidates.set(key, known);
    const hearing = known.filter(
      ({ detail }) => detail === undefined || matchesEventPattern({ detail }, { detail: envelope.detail }),
    );
    return [...new Set(hearing.map(({ service }) => service))];
  };
}

/** The listeners that the services' subscriptions make. */
export const listenersOf: Listeners = listenersBy(
  services.flatMap((service) =>
    Object.values(subscriptions[service]).map((subscription) => ({ service, pattern: eventPatternOf(subscription) })),
  ),
);

import type { EventEnvelope } from '@airline/events-schemas/parse-event';
import type { Subscriptions } from '@airline/events-schemas/subscriptions';
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

interface Rule {
  service: Service;
  source: string;
  detailTypes: readonly string[];
  detail?: object;
}

const rules: readonly Rule[] = services.flatMap((service) =>
  Object.values(subscriptions[service]).map((subscription) => ({ service, ...subscription })),
);

/** The services whose rules match an event. The pattern is matched only where a rule looks into `detail`, for speed. */
export function listenersOf(envelope: EventEnvelope): Service[] {
  const matching = rules.filter(
    ({ source, detailTypes, detail }) =>
      source === envelope.source &&
      detailTypes.includes(envelope['detail-type']) &&
      (detail === undefined || matchesEventPattern(detail, envelope.detail as object)),
  );
  return services.filter((service) => matching.some((rule) => rule.service === service));
}

import type { EventEnvelope } from '@airline/events-schemas/parse-event';

export const services = ['seats', 'payments', 'receipts', 'status'] as const;
export type Service = (typeof services)[number];

/** Milliseconds before Lambda ends a function; SQS shows its messages again after six times that. */
export const functionTimeouts: Record<Service, number> = {
  seats: 10_000,
  payments: 15_000,
  receipts: 10_000,
  status: 10_000,
};

/** Who hears what: the rules of the stacks said again, for speed. scripts/test/who-hears.test.ts compares them with the templates. */
export const hears: Record<Service, readonly string[]> = {
  seats: ['FlightScheduled', 'BookingRequested', 'BookingCancelled', 'PaymentOk', 'PaymentFailed'],
  payments: ['BookingRequested', 'BookingCancelled', 'SeatUnavailable', 'SeatReleased'],
  receipts: ['BookingRequested', 'BookingCancelled', 'SeatBooked', 'SeatReleased', 'PaymentOk', 'PaymentRefunded'],
  status: [
    'BookingRequested',
    'BookingCancelled',
    'SeatBooked',
    'SeatUnavailable',
    'SeatReleased',
    'PaymentOk',
    'PaymentFailed',
    'PaymentRefunded',
    'ReceiptIssued',
  ],
};

export function listenersOf(envelope: EventEnvelope): Service[] {
  const type = envelope['detail-type'];
  const { data } = envelope.detail as { data: { reason?: string } };
  return services.filter((service) => {
    if (service === 'payments' && type === 'SeatReleased' && data.reason === 'payment-failed') return false;
    return hears[service].includes(type);
  });
}

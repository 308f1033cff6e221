import { type Service, services } from './bus.ts';

/**
 * A fault of one request:
 * - `refused`: the request has no effect and fails.
 * - `reply-lost`: the request has its effect, and the caller gets an error.
 * - `own-write-conflicts`: the request has its effect, its response is lost, and the SDK's retry fails, since the first
 *   attempt made the write condition false.
 * - `crash-before`, `crash-after`: the run crashes before or after the effect.
 * - `crash-in-flight`: the run crashes after it sent the request, which may still arrive.
 * - `arrives-late`: the run gets a timeout, and the request may still arrive.
 * - `partly-refused`: PutEvents rejects the entries at these positions.
 */
export type Fault =
  | {
      kind:
        | 'refused'
        | 'reply-lost'
        | 'own-write-conflicts'
        | 'crash-before'
        | 'crash-after'
        | 'crash-in-flight'
        | 'arrives-late';
    }
  | { kind: 'partly-refused'; positions: ReadonlySet<number> };

export type FaultKind = Fault['kind'];

const crashes: readonly FaultKind[] = ['crash-before', 'crash-after', 'crash-in-flight'];
const conditionalWrites = new Set(['seatStore.save', 'paymentStore.save', 'receiptStore.save', 'factStore.keep']);

/** The kinds of faults that an operation can have. */
export function faultsOf(operation: string): readonly FaultKind[] {
  // A pause is not a request, so it can only be interrupted by a crash.
  if (operation === 'publisher.pause') return ['crash-before'];
  const kinds: FaultKind[] = ['refused', 'reply-lost', 'arrives-late', ...crashes];
  // The consumer does not use the response of an acknowledgement: the message is deleted, or it is redelivered.
  if (operation === 'queue.acknowledge') return ['crash-before'];
  if (conditionalWrites.has(operation)) kinds.push('own-write-conflicts');
  if (operation === 'bus.putEvents') kinds.push('partly-refused');
  return kinds;
}

const storeOperations = [
  'seatStore.viewRequest',
  'seatStore.load',
  'seatStore.save',
  'seatStore.claimSeat',
  'seatStore.freeSeats',
];
storeOperations.push(
  'paymentStore.load',
  'paymentStore.save',
  'receiptStore.load',
  'receiptStore.save',
  'factStore.keep',
  'factStore.list',
);
const providerOperations = ['createIntent', 'findIntent', 'confirm', 'cancel', 'findRefund', 'refund'].map(
  (name) => `provider.${name}`,
);

/** Operations that several services have. The matrix has one cell for each of these services. */
const operationsOf: Record<Service, readonly string[]> = {
  seats: ['bus.putEvents', 'publisher.pause', 'queue.sendToSelf'],
  payments: ['bus.putEvents', 'publisher.pause', 'once.begin', 'once.complete', 'once.abandon'],
  receipts: ['bus.putEvents', 'publisher.pause', 'once.begin', 'once.complete', 'once.abandon'],
  status: [],
};
const operationsOfAll = ['queue.acknowledge', 'queue.changeVisibility', 'deadLetters.send'];

/** The place of a fault: the operation, with its service when several services have it. */
export function placeOf(operation: string, service: Service): string {
  return operationsOfAll.includes(operation) || operationsOf[service].includes(operation)
    ? `${service}: ${operation}`
    : operation;
}

/** All cells that a long search must hit. */
export function faultMatrix(): [fault: string, place: string][] {
  const cells: [string, string][] = [];
  const add = (operation: string, place: string): void => {
    for (const kind of [...faultsOf(operation), 'delayed']) cells.push([kind, place]);
  };
  for (const operation of [...storeOperations, ...providerOperations, 'mailer.send']) add(operation, operation);
  for (const service of services) {
    for (const operation of [...operationsOf[service], ...operationsOfAll]) add(operation, `${service}: ${operation}`);
    if (operationsOf[service].includes('bus.putEvents')) cells.push(['outage', `${service}: bus.putEvents`]);
    for (const fault of ['duplicate', 'delayed', 'undelivered']) cells.push([fault, `delivery to ${service}`]);
    for (const fault of ['clock-skew', 'outage', 'timed-out', 'poison', 'redriven-under-load', 'redrive-stopped'])
      cells.push([fault, service]);
  }
  cells.push(
    ['time-passes', 'the clock'],
    ['keys-forgotten', 'the payment provider'],
    ['outage', 'the payment provider'],
  );
  return cells;
}

/** The minimum fault rate of an operation. Rare operations have a higher one, so that every cell is hit. */
export function minimumRateOf(operation: string): number {
  if (operation === 'once.abandon') return 0.9;
  if (operation === 'mailer.send') return 0.4;
  if (/^deadLetters|^provider.(cancel|refund)/.test(operation)) return 0.6;
  if (/^(provider|once|publisher)\.|^factStore.list/.test(operation)) return 0.2;
  return 0;
}

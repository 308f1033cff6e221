import { type Service, services } from './bus.ts';

/**
 * What can befall a request. `reply-lost`: done, but the caller hears a failure. `own-write-conflicts`: done, the answer lost, and
 * the SDK's own second attempt fails on the condition that the first one made false. `crash-in-flight`: the run dies while its
 * request is on the wire, where it may still arrive. `arrives-late`: the run lives and has given the request up, and it arrives.
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

/** The faults that an operation can meet. */
export function faultsOf(operation: string): readonly FaultKind[] {
  // Waiting is no request.
  if (operation === 'publisher.pause') return ['crash-before'];
  const kinds: FaultKind[] = ['refused', 'reply-lost', 'arrives-late', ...crashes];
  // Whether a message was deleted nobody asks again: it comes back or it does not.
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

/** Operations that every service has, and those of some: in the matrix they stand by service. */
const operationsOf: Record<Service, readonly string[]> = {
  seats: ['bus.putEvents', 'publisher.pause', 'queue.sendToSelf'],
  payments: ['bus.putEvents', 'publisher.pause', 'once.begin', 'once.complete', 'once.abandon'],
  receipts: ['bus.putEvents', 'publisher.pause', 'once.begin', 'once.complete', 'once.abandon'],
  status: [],
};
const operationsOfAll = ['queue.acknowledge', 'queue.changeVisibility', 'deadLetters.send'];

/** Where a fault strikes: the operation, with its service where several have it. */
export function placeOf(operation: string, service: Service): string {
  return operationsOfAll.includes(operation) || operationsOf[service].includes(operation)
    ? `${service}: ${operation}`
    : operation;
}

/** Every cell that a long enough search must hit. */
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

/** Operations that a booking seldom meets are disturbed more often, so that every cell is hit. */
export function leastRateOf(operation: string): number {
  if (operation === 'once.abandon') return 0.9;
  if (operation === 'mailer.send') return 0.4;
  if (/^deadLetters|^provider.(cancel|refund)/.test(operation)) return 0.6;
  if (/^(provider|once|publisher)\.|^factStore.list/.test(operation)) return 0.2;
  return 0;
}

/** Reads the records of all parties: the services' tables and the payment provider's charges. Writes nothing. */
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient, paginateQuery, paginateScan } from '@aws-sdk/lib-dynamodb';
import type Stripe from 'stripe';
import type { PaymentRecord } from '../../packages/payments/src/domain.ts';
import { fromStripeAmount } from '../../packages/payments/src/stripe-amount.ts';
import type { ReceiptsRecord } from '../../packages/receipts/src/domain.ts';
import type { Flight, SeatsRecord } from '../../packages/seats/src/domain.ts';
import type { Fact } from '../../packages/status/src/domain.ts';
import { openPaymentProvider } from '../airline/payment-provider.ts';
import type { Target } from '../airline/target.ts';
import type { Charge, SeatItem, Snapshot } from './snapshot.ts';

interface Item {
  pk: string;
  sk: string;
  [attribute: string]: unknown;
}

/** The bookings and flights to read, instead of all. */
export interface Only {
  bookingIds: readonly string[];
  flightIds: readonly string[];
}

/**
 * Bookings change while the parties are read, so the order matters. Status comes first: producers had recorded each
 * event before status received it. The provider comes last: payments writes its record before it charges.
 */
export async function readSnapshot(target: Target, only?: Only): Promise<Snapshot> {
  const client = DynamoDBDocumentClient.from(new DynamoDBClient(target.clientConfig));
  const partitions = only && [
    ...only.bookingIds.map((id) => `BOOKING#${id}`),
    ...only.flightIds.map((id) => `FLIGHT#${id}`),
  ];
  const scan = (service: string, attributes: string[]) =>
    readTable(client, `${target.airline}-${service}`, attributes, partitions);
  try {
    const facts = new Map<string, Fact[]>();
    for await (const { pk, fact } of scan('status', ['fact'])) {
      if (!fact) continue;
      const bookingId = nameIn(pk);
      facts.set(bookingId, [...(facts.get(bookingId) ?? []), fact as Fact]);
    }
    // From receipts only what was sent: its facts contain names and addresses, which are not needed here.
    const [receipts, seats, payments] = await Promise.all([
      recordsOf<ReceiptsRecord>(scan('receipts', ['record.receipt', 'record.refundNotice'])),
      readSeats(scan('seats', ['record', 'flight', 'bookingId'])),
      recordsOf<PaymentRecord>(scan('payments', ['record'])),
    ]);
    // A flight has the seats of other bookings, too, whose records were not read.
    const chosen = only && new Set(only.bookingIds);
    return {
      takenAt: new Date().toISOString(),
      facts,
      ...seats,
      seatItems: seats.seatItems.filter(({ bookingId }) => chosen?.has(bookingId) ?? true),
      payments,
      receipts,
      charges: await readCharges(target, payments, only),
    };
  } finally {
    client.destroy();
  }
}

async function readSeats(items: AsyncIterable<Item>): Promise<Pick<Snapshot, 'seats' | 'seatItems' | 'flights'>> {
  const seats = new Map<string, SeatsRecord>();
  const flights = new Map<string, Flight>();
  const seatItems: SeatItem[] = [];
  for await (const { pk, sk, record, flight, bookingId } of items) {
    if (sk === 'RECORD') seats.set(nameIn(pk), record as SeatsRecord);
    else if (sk === 'LAYOUT') flights.set(nameIn(pk), flight as Flight);
    else if (sk.startsWith('SEAT#'))
      seatItems.push({ flightId: nameIn(pk), seat: nameIn(sk), bookingId: bookingId as string });
  }
  return { seats, flights, seatItems };
}

/** The records of a table, by bookingId. Other items, such as those of the idempotency library, are skipped. */
async function recordsOf<T>(items: AsyncIterable<Item>): Promise<Map<string, T>> {
  const records = new Map<string, T>();
  for await (const { pk, sk, record } of items) if (sk === 'RECORD') records.set(nameIn(pk), (record ?? {}) as T);
  return records;
}

/** @param partitions to read; by default the whole table */
async function* readTable(
  client: DynamoDBDocumentClient,
  TableName: string,
  attributes: string[],
  partitions?: readonly string[],
): AsyncGenerator<Item> {
  const paths = attributes.map((path) =>
    path
      .split('.')
      .map((name) => `#${name}`)
      .join('.'),
  );
  const names = ['pk', 'sk', ...attributes.flatMap((path) => path.split('.'))];
  const read = {
    TableName,
    ConsistentRead: true,
    ProjectionExpression: ['#pk', '#sk', ...paths].join(', '),
    ExpressionAttributeNames: Object.fromEntries(names.map((name) => [`#${name}`, name])),
  };
  const reads = partitions
    ? partitions.map((pk) => {
        const ofPartition = { KeyConditionExpression: '#pk = :pk', ExpressionAttributeValues: { ':pk': pk } };
        return paginateQuery({ client }, { ...read, ...ofPartition });
      })
    : [paginateScan({ client }, read)];
  for (const pages of reads) for await (const { Items = [] } of pages) yield* Items as Item[];
}

/** The successful charges by bookingId, which is in a charge's metadata or in the record with its payment intent. */
async function readCharges(
  target: Target,
  payments: ReadonlyMap<string, PaymentRecord>,
  only: Only | undefined,
): Promise<Map<string, Charge[]>> {
  const intents = new Map(
    [...payments].flatMap(([bookingId, record]) => intentsOf(record).map((id) => [id, bookingId])),
  );
  const stripe = await openPaymentProvider(target);
  const charges = new Map<string, Charge[]>();
  async function* list(): AsyncGenerator<Stripe.Charge> {
    if (!only) yield* stripe.charges.list({ limit: 100 });
    else for (const id of intents.keys()) yield* stripe.charges.list({ payment_intent: id, limit: 100 });
  }
  for await (const {
    payment_intent: intent,
    metadata,
    paid,
    amount_captured,
    amount_refunded,
    currency,
    created,
  } of list()) {
    const paymentId = typeof intent === 'string' ? intent : (intent?.id ?? '');
    const bookingId = metadata.bookingId ?? intents.get(paymentId);
    if (!paid || bookingId === undefined) continue;
    const charge = {
      paymentId,
      captured: fromStripeAmount(amount_captured, currency),
      refunded: fromStripeAmount(amount_refunded, currency),
      currency: currency.toUpperCase(),
      createdAt: new Date(created * 1000).toISOString(),
    };
    charges.set(bookingId, [...(charges.get(bookingId) ?? []), charge]);
  }
  return charges;
}

function intentsOf(record: PaymentRecord): string[] {
  if (record.state === 'CHARGED' || record.state === 'REFUNDED') return [record.paymentId];
  return record.state === 'CHARGING' && record.intentId !== undefined ? [record.intentId] : [];
}

/** `BOOKING#id` → `id` */
function nameIn(key: string): string {
  return key.slice(key.indexOf('#') + 1);
}

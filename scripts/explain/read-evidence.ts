import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient, GetCommand, QueryCommand } from '@aws-sdk/lib-dynamodb';
import { GetQueueAttributesCommand } from '@aws-sdk/client-sqs';
import { maskAddresses } from '@airline/events-schemas/personal-data';
import type { PaymentRecord } from '../../packages/payments/src/domain.ts';
import type { ReceiptsRecord } from '../../packages/receipts/src/domain.ts';
import type { SeatsRecord } from '../../packages/seats/src/domain.ts';
import type { Fact, FactType } from '../../packages/status/src/domain.ts';
import { openPaymentProvider } from '../airline/payment-provider.ts';
import type { Target } from '../airline/target.ts';
import { UsageError } from '../cli/usage-error.ts';
import { countMessages, deadLetterQueues, peek } from '../dead-letters/dead-letters.ts';
import { lostEvents } from '../dead-letters/lost-events.ts';
import { willComeBack } from '../dead-letters/redrive.ts';
import { eventsOfPayments, eventsOfSeats } from '../protocol/recorded-events.ts';
import type { SubscriptionsOfServices } from '../protocol/subscriptions.ts';
import type { Evidence, Letter, ProviderAnswer, QueueCounts, ReceiptsSummary, Unread } from './evidence.ts';
import { readLogs } from '../airline/message-log.ts';

/** At most this many letters of each queue are received: a long queue would take minutes. */
const mostLetters = 2000;
/** The log is searched from so long before the first thing that is known about a booking. */
const logMarginMilliseconds = 60_000;
/** Of a booking that no table knows. */
const logOfUnknownMilliseconds = 3600_000;
const providerLimits = { timeout: 2000, maxNetworkRetries: 0 };
/** The only fields that are read of receipts' facts: the others have names and addresses. */
const receiptsPaths: Record<keyof ReceiptsRecord['facts'], string> = {
  BookingRequested: 'flightId',
  SeatBooked: 'flightId',
  SeatReleased: 'reason',
  PaymentOk: 'amountMinor',
  PaymentRefunded: 'reason',
  BookingCancelled: 'cancelledAt',
};

/**
 * Reads all that can be found out about one booking, by its key: no table is scanned. What cannot be read is listed.
 * Status is read first: producers had recorded each event before status received it.
 */
export async function readEvidence(
  target: Target,
  bookingId: string,
  subscriptions: SubscriptionsOfServices,
): Promise<Evidence> {
  const unread: Unread[] = [];
  /** A source that fails is said, and does not hide the others. A mistake in the call (no airline there) is thrown. */
  async function attempt<T>(source: string, read: () => Promise<T>, otherwise: T): Promise<T> {
    try {
      return await read();
    } catch (error) {
      if (error instanceof UsageError) throw error;
      unread.push({ source, why: reasonOf(error) });
      return otherwise;
    }
  }

  await target.parameters();
  const readAt = new Date().toISOString();
  const client = DynamoDBDocumentClient.from(new DynamoDBClient(target.clientConfig));
  const tableOf = (service: string): string => `${target.airline}-${service}`;
  try {
    const facts = await attempt('table of status', () => readFacts(client, tableOf('status'), bookingId), []);
    const [seats, payment, receipts, letters, lost, queues] = await Promise.all([
      attempt('table of seats', () => readRecord<SeatsRecord>(client, tableOf('seats'), bookingId), undefined),
      attempt('table of payments', () => readRecord<PaymentRecord>(client, tableOf('payments'), bookingId), undefined),
      attempt('table of receipts', () => readReceipts(client, tableOf('receipts'), bookingId), undefined),
      readLetters(target, bookingId, attempt),
      attempt('lost events', () => lostEvents(target), undefined),
      readQueues(target, Object.keys(subscriptions), attempt),
    ]);
    const since = logStart([
      // A producer's clock may be wrong; that of status says when the event was there.
      ...facts.flatMap(({ occurredAt, heardAt }) => [occurredAt, heardAt]),
      ...[...eventsOfSeats(seats), ...eventsOfPayments(payment)].map(({ at }) => at),
      ...letters.map(({ firstSeen }) => firstSeen),
    ]);
    const [logs, provider] = await Promise.all([
      readLogs(target, hearersOfBookings(subscriptions), bookingId, since),
      hasWorkAtProvider(payment) ? askProvider(target, payment) : undefined,
    ]);
    for (const [service, { unread: why }] of logs)
      if (why !== undefined) unread.push({ source: `log of ${service}`, why });
    return {
      bookingId,
      readAt,
      facts,
      ...(seats && { seats }),
      ...(payment && { payment }),
      ...(receipts && { receipts }),
      letters,
      lost: (lost ?? []).filter((event) => event.bookingId === bookingId),
      lines: [...logs.values()].flatMap(({ lines }) => lines).toSorted((a, b) => a.at.localeCompare(b.at)),
      queues,
      ...(provider && { provider }),
      unread,
    };
  } finally {
    client.destroy();
  }
}

/** The services that hear events of bookings. */
export function hearersOfBookings(subscriptions: SubscriptionsOfServices): string[] {
  return Object.entries(subscriptions)
    .filter(([, rules]) => Object.values(rules).some(({ source }) => source !== 'airline.flights'))
    .map(([service]) => service);
}

async function readFacts(client: DynamoDBDocumentClient, TableName: string, bookingId: string): Promise<Fact[]> {
  const { Items = [] } = await client.send(
    new QueryCommand({
      TableName,
      KeyConditionExpression: 'pk = :pk',
      ExpressionAttributeValues: { ':pk': `BOOKING#${bookingId}` },
      ConsistentRead: true,
    }),
  );
  return Items.flatMap(({ fact }) => (fact ? [fact as Fact] : []));
}

async function readRecord<T>(
  client: DynamoDBDocumentClient,
  TableName: string,
  bookingId: string,
): Promise<T | undefined> {
  const Key = { pk: `BOOKING#${bookingId}`, sk: 'RECORD' };
  const { Item } = await client.send(new GetCommand({ TableName, Key, ConsistentRead: true }));
  return Item?.record as T | undefined;
}

async function readReceipts(
  client: DynamoDBDocumentClient,
  TableName: string,
  bookingId: string,
): Promise<ReceiptsSummary | undefined> {
  const paths = Object.entries(receiptsPaths);
  const names = ['record', 'facts', 'receipt', 'refundNotice', 'issuedAt', ...paths.flat()];
  const { Item } = await client.send(
    new GetCommand({
      TableName,
      Key: { pk: `BOOKING#${bookingId}`, sk: 'RECORD' },
      ConsistentRead: true,
      ProjectionExpression: [
        '#record.#receipt',
        '#record.#refundNotice.#issuedAt',
        ...paths.map(([type, field]) => `#record.#facts.#${type}.#${field}`),
      ].join(', '),
      ExpressionAttributeNames: Object.fromEntries([...new Set(names)].map((name) => [`#${name}`, name])),
    }),
  );
  const record = Item?.record as Partial<ReceiptsRecord> | undefined;
  if (!record) return undefined;
  return {
    heard: Object.keys(record.facts ?? {}) as FactType[],
    ...(record.receipt && { receipt: record.receipt }),
    hasRefundNotice: record.refundNotice !== undefined,
  };
}

type Attempt = <T>(source: string, read: () => Promise<T>, otherwise: T) => Promise<T>;

async function readLetters(target: Target, bookingId: string, attempt: Attempt): Promise<Letter[]> {
  const read = (await deadLetterQueues(target)).map((queue) =>
    attempt(
      `dead letters of ${queue.service} (${queue.kind})`,
      async () => {
        // A look into a queue hides its messages from other receivers for a moment, so an empty one is left alone.
        if ((await countMessages(target, queue)) === 0) return [];
        const found = await peek(target, queue, mostLetters, ({ correlationId }) => correlationId === bookingId);
        return found.map((letter) => ({ ...letter, service: queue.service }));
      },
      [],
    ),
  );
  return (await Promise.all(read)).flat().map((letter) => ({
    service: letter.service,
    kind: letter.kind,
    detailType: letter.detailType ?? 'not an event',
    reason: letter.reason,
    ...(letter.error !== undefined && { error: maskAddresses(letter.error) }),
    firstSeen: letter.firstSeen,
    willComeBack: willComeBack(letter),
  }));
}

async function readQueues(
  target: Target,
  services: readonly string[],
  attempt: Attempt,
): Promise<Record<string, QueueCounts>> {
  const parameters = await target.parameters();
  const counts = await Promise.all(
    services.map(async (service) => {
      const read = () => countsOf(target, parameters.get(`${service}/queue-url`)!);
      return [service, await attempt(`queue of ${service}`, read, undefined)] as const;
    }),
  );
  return Object.fromEntries(counts.filter(([, count]) => count !== undefined)) as Record<string, QueueCounts>;
}

async function countsOf(target: Target, QueueUrl: string): Promise<QueueCounts> {
  const { Attributes = {} } = await target.sqs.send(
    new GetQueueAttributesCommand({
      QueueUrl,
      AttributeNames: ['ApproximateNumberOfMessages', 'ApproximateNumberOfMessagesNotVisible', 'RedrivePolicy'],
    }),
  );
  const { maxReceiveCount } = JSON.parse(Attributes.RedrivePolicy ?? '{}') as { maxReceiveCount?: number | string };
  return {
    waiting: Number(Attributes.ApproximateNumberOfMessages),
    inFlight: Number(Attributes.ApproximateNumberOfMessagesNotVisible),
    maxReceiveCount: Number(maxReceiveCount ?? Infinity),
  };
}

/** Whether the next step of payments is a request to the provider. */
function hasWorkAtProvider(payment: PaymentRecord | undefined): payment is PaymentRecord {
  return payment?.state === 'CHARGING' || (payment?.state === 'CHARGED' && payment.refund !== undefined);
}

/** Asks for the last charge of the payment or, before there is a payment, whether the provider answers at all. */
async function askProvider(target: Target, payment: PaymentRecord): Promise<ProviderAnswer> {
  try {
    const stripe = await openPaymentProvider(target, providerLimits);
    const intentId =
      payment.state === 'CHARGED' ? payment.paymentId : payment.state === 'CHARGING' ? payment.intentId : undefined;
    // Not the payment intent itself: the key of operators may only read charges.
    const { data } = await stripe.charges.list({
      limit: 1,
      ...(intentId !== undefined && { payment_intent: intentId }),
    });
    const charge = intentId === undefined ? undefined : data[0];
    return { answers: true, ...(charge && { charge: charge.refunded ? 'refunded' : charge.status }) };
  } catch (error) {
    const { statusCode } = error as { statusCode?: number };
    // A throttled request (429) or a key that is not valid any more (401) may be what holds up payments, too.
    if (statusCode !== undefined && statusCode < 500) return { answers: true, refusal: reasonOf(error) };
    return { answers: false, error: reasonOf(error) };
  }
}

function logStart(times: readonly (string | undefined)[]): Date {
  const known = times.filter((time) => time !== undefined).map((time) => Date.parse(time));
  if (known.length === 0) return new Date(Date.now() - logOfUnknownMilliseconds);
  return new Date(Math.min(...known) - logMarginMilliseconds);
}

function reasonOf(error: unknown): string {
  return maskAddresses(error instanceof Error ? `${error.name}: ${error.message}` : String(error));
}

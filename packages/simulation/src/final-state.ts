import type { SeatsRecord } from '@airline/seats/src/domain.ts';
import { type BookingStatus, foldStatus } from '@airline/status/src/domain.ts';
import { allSeats, type Booking, fareOf, flightId } from './bookings.ts';
import { detailTypesHeardBy, services } from './bus.ts';
import { type Oracle, Violation } from './oracle.ts';
import type { Random } from './random.ts';
import { mailKinds, sentMails, type World } from './world.ts';

const heardByStatus = detailTypesHeardBy('status');

async function holdersOf({ seatStore, bookings }: World): Promise<Map<string, string>> {
  return (await seatStore.viewRequest({ ...bookings[0]!.request, flightId, seats: allSeats })).holders;
}

/** All state that a duplicate must not change. */
export async function snapshotOf(world: World): Promise<string> {
  const { seatStore, paymentStore, receiptStore, factStore, provider, mails, bookings } = world;
  const parts: unknown[] = [[...(await holdersOf(world))].sort(), mails.length];
  for (const { request } of bookings) {
    const id = request.bookingId;
    parts.push([
      await seatStore.load(id),
      await paymentStore.load(id),
      await receiptStore.load(id),
      await factStore.list(id),
      provider.movedFor(id),
    ]);
  }
  return JSON.stringify(parts);
}

/**
 * Checks a world in which payments was down for hours and the other services worked: hold timers ended all unpaid
 * holds.
 */
export async function checkHoldsEnded({ seatStore, bookings }: World): Promise<void> {
  for (const { name, request } of bookings) {
    const record = (await seatStore.load(request.bookingId))?.record;
    if (record?.state === 'HELD')
      throw new Violation(
        'hold-ends',
        `${name} still holds ${record.seats.join(', ')}, although its hold expired at ${record.holdExpiresAt}`,
      );
  }
}

/** Checks a world in which nothing is left to do. @throws Violation */
export async function checkFinalState(world: World, oracle: Oracle, random: Random): Promise<void> {
  for (const service of services) {
    const { waiting, deadLetters, undelivered } = world.queues[service];
    const left = [...waiting, ...deadLetters, ...undelivered].find(
      (message) => message.bookingId !== '' && !world.isConflict(message),
    );
    if (left)
      throw new Violation(
        'everything-settles',
        `${left.label} is left in ${service}'s queues (${left.reason ?? `received ${left.receiveCount} times`})`,
      );
  }
  const holders = await holdersOf(world);
  for (const booking of world.bookings) await checkBooking(world, oracle, random, booking, holders);
}

async function checkBooking(
  world: World,
  oracle: Oracle,
  random: Random,
  booking: Booking,
  holders: Map<string, string>,
): Promise<void> {
  const { name, request } = booking;
  const { bookingId } = request;
  const facts = await world.factStore.list(bookingId);
  const status = foldStatus(facts);
  const published = oracle.published.get(bookingId);
  const expected = [...(published?.keys() ?? [])].filter((type) => heardByStatus.includes(type)).sort();
  const stored = facts.map(({ type }) => type).sort();
  if (expected.join() !== stored.join())
    throw new Violation(
      'status-is-the-fold',
      `${name}: the published events are ${expected.join(', ')}, and status stored ${stored.join(', ')}`,
    );
  if (JSON.stringify(foldStatus(random.shuffled(facts))) !== JSON.stringify(status)) {
    throw new Violation(
      'status-is-the-fold',
      `${name} is ${status.status}, and another status when its facts are read in another order`,
    );
  }
  const seats = (await world.seatStore.load(bookingId))?.record;
  await checkSold(name, seats, world, bookingId);
  if (!status.settled)
    throw new Violation(
      'everything-settles',
      `${name} is ${status.status} and not settled; published: ${expected.join(', ')}`,
    );

  const heldSeats = [...holders].filter(([, holder]) => holder === bookingId).map(([seat]) => seat);
  const { charged, refunded } = world.provider.movedFor(bookingId);
  const isConfirmed =
    published !== undefined &&
    oracle.namesOneAmount(bookingId) &&
    !(['SeatReleased', 'PaymentRefunded'] as const).some((type) => published.has(type));
  if (isConfirmed !== (status.status === 'CONFIRMED'))
    throw new Violation(
      'status-is-the-fold',
      `the status of ${name} is ${status.status}; published: ${expected.join(', ')}`,
    );

  const receipts = sentMails(world, bookingId, 'Receipt');
  if (isConfirmed) {
    if (seats?.state !== 'SOLD' || heldSeats.sort().join() !== seats.seats.toSorted().join()) {
      throw new Violation(
        'confirmed-is-sold',
        `${name} is confirmed, its record is ${seats?.state ?? 'none'}, its seats are ${heldSeats.join(', ') || 'none'}`,
      );
    }
    if (receipts === 0 || !published?.has('ReceiptIssued'))
      throw new Violation('confirmed-has-one-receipt', `${name} is confirmed and ${receipts} receipts were sent`);
  } else {
    if (heldSeats.length > 0)
      throw new Violation(
        'failed-holds-nothing',
        `${name} is ${status.status} and holds ${heldSeats.join(', ')} (record ${seats?.state ?? 'none'})`,
      );
    if (charged !== refunded)
      throw new Violation(
        'failed-costs-nothing',
        `${name} is ${status.status} with ${charged} charged and ${refunded} refunded`,
      );
  }
  if (seats) checkShown(world, booking, seats, status);
  await checkMails(world, oracle, booking);
}

/** Checks that sold seats are paid with exactly their fare. @param world the one of payments */
export async function checkSold(
  name: string,
  seats: SeatsRecord | undefined,
  { provider, paymentStore }: World,
  bookingId: string,
): Promise<void> {
  if (seats?.state !== 'SOLD') return;
  const { charged, refunded } = provider.movedFor(bookingId);
  const payment = (await paymentStore.load(bookingId))?.record;
  const currency = payment && payment.state !== 'VOID' ? payment.payment.currency : undefined;
  const fare = fareOf(seats.seats);
  const isPaid = charged === fare && refunded === 0 && currency === 'EUR';
  if (!isPaid || seats.amountMinor !== fare || seats.currency !== 'EUR') {
    const paid = `${charged} ${currency ?? ''} charged and ${refunded} refunded`;
    throw new Violation(
      'sold-is-paid',
      `${name} is sold for ${seats.amountMinor} ${seats.currency} (fare ${fare} EUR) with ${paid}`,
    );
  }
}

/** Checks that the status and the receipt describe what seats answered, and not another request with the same id. */
function checkShown({ mails }: World, booking: Booking, seats: SeatsRecord, status: BookingStatus): void {
  if (seats.state === 'PAID_EARLY' || seats.state === 'TOMBSTONE') return;
  const { name, request, requests } = booking;
  const isAnswered = (one: { flightId?: string | undefined; seats?: string[] | undefined }): boolean =>
    one.flightId === seats.flightId && one.seats?.join() === seats.seats.join();
  const isSameMoney = (money: BookingStatus['amount']): boolean =>
    money?.amountMinor === seats.amountMinor && money.currency === seats.currency;
  if (!isAnswered(status) || (seats.state !== 'REFUSED' && !isSameMoney(status.amount)))
    throw new Violation('shows-what-was-sold', `the status of ${name} shows ${JSON.stringify(status)}`);
  const addresses = requests
    .filter((one) => isAnswered(one) && isSameMoney(one.payment))
    .map(({ passenger }) => passenger.email);
  const misdirected = mails.find(({ bookingId, to }) => bookingId === request.bookingId && !addresses.includes(to));
  if (misdirected)
    throw new Violation(
      'shows-what-was-sold',
      `a mail of ${name} went to ${misdirected.to}, whose request was not sold`,
    );
}

/**
 * Checks that each mail was sent once, and that a refunded receipt has a refund notice. An unrecorded mail is excused:
 * receipts cannot know that it was sent. So it may be sent again, and a receipt may have no notice.
 */
export async function checkMails(world: World, oracle: Oracle, { name, request }: Booking): Promise<void> {
  const { bookingId } = request;
  for (const kind of mailKinds) {
    const count = sentMails(world, bookingId, kind);
    const unrecorded = oracle.unrecordedMails(bookingId, kind);
    if (count > 1 + unrecorded)
      throw new Violation(
        'mails-are-sent-once',
        `${name} got ${count} mails “${kind}”; ${unrecorded} of them are excused`,
      );
  }
  const receipts = sentMails(world, bookingId, 'Receipt');
  const notices = sentMails(world, bookingId, 'Refund');
  if (notices > 0 && receipts === 0)
    throw new Violation('refund-is-told', `${name} got a refund notice without a receipt`);
  const needsNotice = receipts > 0 && oracle.published.get(bookingId)?.has('PaymentRefunded');
  if (needsNotice && notices === 0 && !(await isReceiptUnrecorded(world, oracle, bookingId)))
    throw new Violation('refund-is-told', `${name} got a receipt and no refund notice`);
}

/** The number of refunded receipts without a refund notice. All of them are excused: see `checkMails`. */
export function countMissingRefundNotices(world: World, oracle: Oracle): number {
  return world.bookings.filter(
    ({ request: { bookingId } }) =>
      oracle.published.get(bookingId)?.has('PaymentRefunded') &&
      sentMails(world, bookingId, 'Receipt') > 0 &&
      sentMails(world, bookingId, 'Refund') === 0,
  ).length;
}

/** Whether all sent receipts are unrecorded: the record has no receipt, and no ReceiptIssued was published. */
async function isReceiptUnrecorded(world: World, oracle: Oracle, bookingId: string): Promise<boolean> {
  const record = (await world.receiptStore.load(bookingId))?.record;
  return (
    oracle.unrecordedMails(bookingId, 'Receipt') === sentMails(world, bookingId, 'Receipt') &&
    record?.receipt === undefined &&
    !oracle.published.get(bookingId)?.has('ReceiptIssued')
  );
}

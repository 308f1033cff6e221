import { foldStatus } from '@airline/status/src/domain.ts';
import { allSeats, type Booking, flightId } from './bookings.ts';
import { detailTypesHeardBy, services } from './bus.ts';
import { type Oracle, Violation } from './oracle.ts';
import type { Random } from './random.ts';
import { mailKinds, sentMails, type World } from './world.ts';

const heardByStatus = detailTypesHeardBy('status');

async function holdersOf({ seatStore, bookings }: World): Promise<Map<string, string>> {
  return (await seatStore.viewRequest({ ...bookings[0]!.request, flightId, seats: allSeats })).holders;
}

/** Everything that a duplicate must not change. */
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

/** With payments out of order and everybody else at work, time alone must have ended every hold that was not paid. */
export async function checkHoldsEnded({ seatStore, bookings }: World): Promise<void> {
  for (const { name, request } of bookings) {
    const record = (await seatStore.load(request.bookingId))?.record;
    if (record?.state === 'HELD')
      throw new Violation(
        'hold-ends',
        `${name} still holds ${record.seats.join(', ')}, long after ${record.holdExpiresAt}`,
      );
  }
}

/** Judges a world in which nothing is left to do. @throws Violation */
export async function checkFinalState(world: World, oracle: Oracle, random: Random): Promise<void> {
  for (const service of services) {
    const { waiting, deadLetters, undelivered } = world.queues[service];
    const left = [...waiting, ...deadLetters, ...undelivered].find(({ bookingId }) => bookingId !== '');
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
  const said = oracle.said.get(bookingId);
  const heard = [...(said?.keys() ?? [])].filter((type) => heardByStatus.includes(type)).sort();
  const kept = facts.map(({ type }) => type).sort();
  if (heard.join() !== kept.join())
    throw new Violation(
      'status-is-the-fold',
      `of ${name} was said ${heard.join(', ')}, and status knows ${kept.join(', ')}`,
    );
  if (JSON.stringify(foldStatus(random.shuffled(facts))) !== JSON.stringify(status)) {
    throw new Violation(
      'status-is-the-fold',
      `${name} is ${status.status} or not, by the order in which its facts are read`,
    );
  }
  if (!status.settled)
    throw new Violation(
      'everything-settles',
      `${name} is ${status.status} and not settled; said was ${heard.join(', ')}`,
    );

  const seats = (await world.seatStore.load(bookingId))?.record;
  const borne = [...holders].filter(([, holder]) => holder === bookingId).map(([seat]) => seat);
  const { charged, refunded } = world.provider.movedFor(bookingId);
  const isConfirmed =
    said !== undefined &&
    said.has('SeatBooked') &&
    said.has('PaymentOk') &&
    !(['SeatReleased', 'PaymentRefunded'] as const).some((type) => said.has(type));
  if (isConfirmed !== (status.status === 'CONFIRMED'))
    throw new Violation('status-is-the-fold', `${name} is called ${status.status}; said was ${heard.join(', ')}`);

  const receipts = sentMails(world, bookingId, 'Receipt');
  if (isConfirmed) {
    if (seats?.state !== 'SOLD' || borne.sort().join() !== request.seats.toSorted().join()) {
      throw new Violation(
        'confirmed-is-sold',
        `${name} is confirmed, its record ${seats?.state ?? 'none'}, its seats ${borne.join(', ') || 'none'}`,
      );
    }
    if (charged !== request.payment.amountMinor || refunded !== 0) {
      throw new Violation('confirmed-is-paid', `${name} is confirmed with ${charged} charged and ${refunded} refunded`);
    }
    if (receipts === 0 || !said?.has('ReceiptIssued'))
      throw new Violation('confirmed-has-one-receipt', `${name} is confirmed and ${receipts} receipts were sent`);
  } else {
    if (borne.length > 0)
      throw new Violation(
        'failed-holds-nothing',
        `${name} is ${status.status} and has ${borne.join(', ')} (record ${seats?.state ?? 'none'})`,
      );
    if (charged !== refunded)
      throw new Violation(
        'failed-costs-nothing',
        `${name} is ${status.status} with ${charged} charged and ${refunded} refunded`,
      );
  }
  await checkMails(world, oracle, booking);
}

/** Each mail once, and a receipt that was refunded taken back by a notice. What nobody knows of can neither be counted nor be taken back. */
export async function checkMails(world: World, oracle: Oracle, { name, request }: Booking): Promise<void> {
  const { bookingId } = request;
  for (const kind of mailKinds) {
    const count = sentMails(world, bookingId, kind);
    const forgotten = oracle.forgottenMails(bookingId, kind);
    if (count > 1 + forgotten)
      throw new Violation(
        'mails-are-sent-once',
        `${name} got ${count} mails “${kind}”; ${forgotten} could not be helped`,
      );
  }
  const receipts = sentMails(world, bookingId, 'Receipt');
  const notices = sentMails(world, bookingId, 'Refund');
  if (notices > 0 && receipts === 0)
    throw new Violation('refund-is-told', `${name} got a refund notice, and never a receipt`);
  const isOwed = receipts > 0 && oracle.said.get(bookingId)?.has('PaymentRefunded');
  if (isOwed && notices === 0 && !(await isReceiptUnknown(world, oracle, bookingId)))
    throw new Violation('refund-is-told', `${name} got a receipt, and no notice that it is refunded`);
}

/** Refunded receipts that no notice follows, since their senders were cut off and no receipt was due when the message came again. */
export function countUntoldRefunds(world: World, oracle: Oracle): number {
  return world.bookings.filter(
    ({ request: { bookingId } }) =>
      oracle.said.get(bookingId)?.has('PaymentRefunded') &&
      sentMails(world, bookingId, 'Receipt') > 0 &&
      sentMails(world, bookingId, 'Refund') === 0,
  ).length;
}

/** Whether every receipt that went out was forgotten, so that receipts neither has one in its record nor ever said so. */
async function isReceiptUnknown(world: World, oracle: Oracle, bookingId: string): Promise<boolean> {
  const record = (await world.receiptStore.load(bookingId))?.record;
  return (
    oracle.forgottenMails(bookingId, 'Receipt') === sentMails(world, bookingId, 'Receipt') &&
    record?.receipt === undefined &&
    !oracle.said.get(bookingId)?.has('ReceiptIssued')
  );
}

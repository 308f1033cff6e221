import { foldStatus } from '@airline/status/src/domain.ts';
import { allSeats, type Booking, flightId } from './bookings.ts';
import { hears, services } from './bus.ts';
import { type Oracle, Violation } from './oracle.ts';
import type { Random } from './random.ts';
import type { World } from './world.ts';

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
      throw new Violation('hold-ends', `${name} still holds ${record.seats.join(', ')}, long after ${record.holdExpiresAt}`);
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
  { name, request }: Booking,
  holders: Map<string, string>,
): Promise<void> {
  const { bookingId } = request;
  const facts = await world.factStore.list(bookingId);
  const status = foldStatus(facts);
  const said = oracle.said.get(bookingId);
  const heard = [...(said?.keys() ?? [])].filter((type) => hears.status.includes(type)).sort();
  const kept = facts.map(({ type }) => type).sort();
  if (heard.join() !== kept.join())
    throw new Violation('status-is-the-fold', `of ${name} was said ${heard.join(', ')}, and status knows ${kept.join(', ')}`);
  if (JSON.stringify(foldStatus(random.shuffled(facts))) !== JSON.stringify(status)) {
    throw new Violation('status-is-the-fold', `${name} is ${status.status} or not, by the order in which its facts are read`);
  }
  if (!status.settled)
    throw new Violation('everything-settles', `${name} is ${status.status} and not settled; said was ${heard.join(', ')}`);

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

  const receipts = world.mails.filter((mail) => mail.bookingId === bookingId && mail.kind === 'Receipt').length;
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
      throw new Violation('failed-costs-nothing', `${name} is ${status.status} with ${charged} charged and ${refunded} refunded`);
  }
  checkMails(world, oracle, name, bookingId);
}

function checkMails({ mails }: World, oracle: Oracle, name: string, bookingId: string): void {
  const excused = oracle.excusedMails.get(bookingId) ?? 0;
  const counts = new Map<string, number>();
  for (const mail of mails) if (mail.bookingId === bookingId) counts.set(mail.kind, (counts.get(mail.kind) ?? 0) + 1);
  for (const [kind, count] of counts) {
    if (count <= 1 + excused) continue;
    throw new Violation('mails-are-sent-once', `${name} got ${count} mails “${kind}”; ${excused} could not be helped`);
  }
}

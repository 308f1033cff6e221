/** `pnpm cancel ID`: cancels a booking at the front door, as its customer would. */
import { pc } from '../cli/colors.ts';
import { command, type CommonOptions, run } from '../cli/command.ts';
import { followBooking, nothingNew, summary, timelinePrinter } from '../airline/follow-booking.ts';
import { jsonOf, openTarget } from '../airline/target.ts';

await run(
  command('pnpm cancel', 'cancel a booking, at any moment: its seats are freed, and what was paid is refunded')
    .argument('<booking-id>', 'as printed by `pnpm book`')
    .option('--watch', 'follow it until both seats and payments have answered')
    .action(async (bookingId: string, { target: targetName, json, watch }: CommonOptions & { watch?: true }) => {
      const target = openTarget(targetName);
      const path = `/bookings/${encodeURIComponent(bookingId)}`;
      const isKnown = (await target.fetch(path)).status !== 404;
      const cancellation = await jsonOf<{ cancelledAt: string }>(await target.fetch(path, { method: 'DELETE' }));
      if (!json) console.log(`${pc.bold(bookingId)}  cancelled at ${cancellation.cancelledAt}`);
      if (!isKnown)
        console.error(pc.yellow('Nobody has heard of this booking yet. If it is ever asked for, it will be refused.'));
      if (!watch) {
        console.log(json ? JSON.stringify(cancellation) : pc.dim(`Follow it: pnpm status ${bookingId} --watch`));
        return;
      }
      const status = await followBooking(target, bookingId, {
        onChange: json ? () => {} : timelinePrinter(),
        onSilence: nothingNew,
        // Right after the request the booking may still look confirmed and settled.
        isOver: (answer) => answer.settled && answer.status === 'CANCELLED',
      });
      console.log(json ? JSON.stringify(status) : summary(status));
    }),
);

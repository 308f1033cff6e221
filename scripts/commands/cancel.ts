/** `pnpm cancel ID`: cancels a booking at the front door, as a customer does. */
import { summary, watchBooking } from '../airline/follow-booking.ts';
import { jsonOf, openTarget } from '../airline/target.ts';
import { pc } from '../cli/colors.ts';
import { command, type CommonOptions, run } from '../cli/command.ts';

type CancelOptions = CommonOptions & { watch?: true };

await run(
  command('pnpm cancel', 'Cancel a booking, at any time. Its seats are freed and its payment is refunded.')
    .argument('<booking-id>', 'as printed by `pnpm book`')
    .option('--watch', 'follow the booking until both seats and payments have answered')
    .action(async (bookingId: string, { target: name, json = false, watch }: CancelOptions) => {
      const target = openTarget(name);
      const path = `/bookings/${encodeURIComponent(bookingId)}`;
      const isKnown = (await target.fetch(path)).status !== 404;
      const cancellation = await jsonOf<{ cancelledAt: string }>(await target.fetch(path, { method: 'DELETE' }));
      if (!json) console.log(`${pc.bold(bookingId)}  cancelled at ${cancellation.cancelledAt}`);
      if (!isKnown)
        console.error(pc.yellow('No service knows this booking yet. If it is requested later, it will be refused.'));
      if (!watch) {
        console.log(json ? JSON.stringify(cancellation) : pc.dim(`Follow it: pnpm status ${bookingId} --watch`));
        return;
      }
      // Right after the request, a confirmed booking may still look confirmed and settled.
      const isOver = (answer: { settled: boolean; status: string }) => answer.settled && answer.status === 'CANCELLED';
      const status = await watchBooking(target, bookingId, { json, isOver });
      console.log(json ? JSON.stringify(status) : summary(status));
    }),
);

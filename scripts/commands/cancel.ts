/** `pnpm cancel ID`: cancels a booking at the front door, as a customer does. */
import { summary, watchBooking } from '../airline/follow-booking.ts';
import { jsonOf, openTarget } from '../airline/target.ts';
import { answer, printableData } from '../cli/answer.ts';
import { pc } from '../cli/colors.ts';
import { command, type CommonOptions, run } from '../cli/command.ts';
import { bookingId } from '../cli/option-values.ts';

type CancelOptions = CommonOptions & { watch?: true };

await run(
  command('pnpm cancel', 'Cancel a booking, at any time. Its seats are freed and its payment is refunded.')
    .argument('<booking-id>', 'as printed by `pnpm book`', bookingId)
    .option('--watch', 'follow the booking until both seats and payments have answered')
    .action(async (id: string, { target: name, json = false, watch }: CancelOptions) => {
      const target = openTarget(name);
      const path = `/bookings/${id}`;
      const isKnown = (await target.fetch(path)).status !== 404;
      const cancellation = await jsonOf<{ cancelledAt: string }>(await target.fetch(path, { method: 'DELETE' }));
      if (!json) console.log(`${pc.bold(id)}  cancelled at ${printableData(cancellation).cancelledAt}`);
      if (!isKnown)
        console.error(pc.yellow('No service knows this booking yet. If it is requested later, it will be refused.'));
      if (!watch) {
        answer(cancellation, { json }, () => pc.dim(`Follow it: pnpm status ${id} --watch`));
        return;
      }
      // Right after the request, a confirmed booking may still look confirmed and settled.
      const isOver = (answer: { settled: boolean; status: string }) => answer.settled && answer.status === 'CANCELLED';
      const status = await watchBooking(target, id, { json, isOver });
      answer(status, { json }, summary);
    }),
);

/** `pnpm status ID`: asks the status API for a booking. */
import { bookingStatus, hasFailed, summary, timelinePrinter, watchBooking } from '../airline/follow-booking.ts';
import { openTarget } from '../airline/target.ts';
import { command, type CommonOptions, exitCode, run } from '../cli/command.ts';

type StatusOptions = CommonOptions & { watch?: true };

await run(
  command('pnpm status', "Print a booking's status and the events that led to it.")
    .argument('<booking-id>', 'as printed by `pnpm book`')
    .option('--watch', 'follow the booking until it is settled; exit code 2 when it failed')
    .action(async (bookingId: string, { target: name, json = false, watch }: StatusOptions) => {
      const target = openTarget(name);
      const status = watch ? await watchBooking(target, bookingId, { json }) : await bookingStatus(target, bookingId);
      if (!watch && !json) timelinePrinter()(status);
      console.log(json ? JSON.stringify(status) : summary(status));
      if (watch && hasFailed(status)) process.exitCode = exitCode.bookingFailed;
    }),
);

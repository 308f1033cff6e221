/** `pnpm status ID`: asks the status API for a booking. */
import { bookingStatus, hasFailed, summary, timelinePrinter, watchBooking } from '../airline/follow-booking.ts';
import { openTarget } from '../airline/target.ts';
import { answer } from '../cli/answer.ts';
import { command, type CommonOptions, exitCode, run } from '../cli/command.ts';
import { bookingId } from '../cli/option-values.ts';

type StatusOptions = CommonOptions & { watch?: true };

await run(
  command('pnpm status', "Print a booking's status and the events that led to it.")
    .argument('<booking-id>', 'as printed by `pnpm book`', bookingId)
    .option('--watch', 'follow the booking until it is settled; exit code 2 when it failed')
    .action(async (id: string, { target: name, json = false, watch }: StatusOptions) => {
      const target = openTarget(name);
      const status = watch ? await watchBooking(target, id, { json }) : await bookingStatus(target, id);
      if (!watch && !json) timelinePrinter()(status);
      answer(status, { json }, summary);
      if (watch && hasFailed(status)) process.exitCode = exitCode.bookingFailed;
    }),
);

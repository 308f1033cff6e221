/** `pnpm status ID`: asks the status API how a booking is. */
import { command, type CommonOptions, exitCode, run } from '../cli/command.ts';
import {
  bookingStatus,
  followBooking,
  hasFailed,
  nothingNew,
  summary,
  timelinePrinter,
} from '../airline/follow-booking.ts';
import { openTarget } from '../airline/target.ts';

await run(
  command('pnpm status', 'how a booking is, and how it came to be so')
    .argument('<booking-id>', 'as printed by `pnpm book`')
    .option('--watch', 'follow it until it is settled; exit code 2 when it failed')
    .action(async (bookingId: string, { target: targetName, json, watch }: CommonOptions & { watch?: true }) => {
      const target = openTarget(targetName);
      const print = timelinePrinter(json ? () => {} : console.log);
      const status = watch
        ? await followBooking(target, bookingId, { onChange: print, onSilence: nothingNew })
        : await bookingStatus(target, bookingId);
      print(status);
      console.log(json ? JSON.stringify(status) : summary(status));
      if (watch && hasFailed(status)) process.exitCode = exitCode.bookingFailed;
    }),
);

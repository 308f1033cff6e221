/** `pnpm trace ID`: where the time of a booking went. */
import { Option } from 'commander';
import { openTarget } from '../airline/target.ts';
import { printableData, printJson } from '../cli/answer.ts';
import { pc } from '../cli/colors.ts';
import { command, type CommonOptions, run, targetSuffix } from '../cli/command.ts';
import { bookingId } from '../cli/option-values.ts';
import { UsageError } from '../cli/usage-error.ts';
import { terminalWidth } from '../cli/wrap.ts';
import { explainBooking } from '../explain/explain-booking.ts';
import { readEvidence } from '../explain/read-evidence.ts';
import { wordsFor } from '../explain/sentences.ts';
import { loadSubscriptions } from '../protocol/subscriptions.ts';
import { otlpOf } from '../trace/otlp.ts';
import { traceBooking } from '../trace/trace-booking.ts';
import { describeTrace } from '../trace/waterfall.ts';

type Options = CommonOptions & { format?: 'otlp' };

await run(
  command('pnpm trace', 'Show where the time of one booking went: each event, its wait in each queue, and each try.')
    .argument('<id>', 'the booking id', bookingId)
    .addOption(
      new Option('--format <format>', 'otlp: OpenTelemetry JSON, which tracing tools read')
        .choices(['otlp'])
        .conflicts('json'),
    )
    .addHelpText('after', 'It changes nothing. Exit code 1: nothing is known of the booking.')
    .action(async (id: string, { target: name, json, format }: Options) => {
      const suffix = targetSuffix(name);
      const target = openTarget(name);
      const subscriptions = await loadSubscriptions();
      const evidence = await readEvidence(target, id, subscriptions);
      const trace = traceBooking(evidence, target.airline, subscriptions);
      if (!trace)
        throw new UsageError(
          `Nothing is known of booking ${id}. \`pnpm explain ${id}${suffix}\` says where it could be.`,
        );
      if (format === 'otlp') return printJson(otlpOf(trace, target.airline));
      if (json) return printJson(trace);
      const explanation = explainBooking(evidence, target.airline, subscriptions);
      const { sentence, type } = wordsFor(explanation, suffix);
      console.log(describeTrace(printableData(trace), terminalWidth()));
      console.log(`\n${printableData(sentence)}${type === undefined ? '' : `\n  ${pc.cyan(type)}`}`);
      for (const { source, why } of printableData(trace.unread)) console.log(pc.yellow(`not read: ${source} (${why})`));
    }),
);

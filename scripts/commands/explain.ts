/** `pnpm explain ID`: says what happened to a booking, or what it waits for, where that is, and what to type. */
import { openTarget } from '../airline/target.ts';
import { answer } from '../cli/answer.ts';
import { command, type CommonOptions, exitCode, run, targetSuffix } from '../cli/command.ts';
import { bookingId } from '../cli/option-values.ts';
import { describeExplained } from '../explain/describe-explanation.ts';
import { explainBooking } from '../explain/explain-booking.ts';
import { readEvidence } from '../explain/read-evidence.ts';
import { wordsFor } from '../explain/sentences.ts';
import { loadSubscriptions } from '../protocol/subscriptions.ts';

const exitCodes = { settled: exitCode.done, waiting: exitCode.waiting, unknown: exitCode.error };

await run(
  command('pnpm explain', 'Say of one booking what happened, or what it waits for, where that is, and what to type.')
    .argument('<id>', 'the booking id', bookingId)
    .addHelpText(
      'after',
      'It changes nothing. Exit code 3: the booking waits. Exit code 1 also: nothing is known of it.',
    )
    .action(async (id: string, { target: name, json }: CommonOptions) => {
      const target = openTarget(name);
      const subscriptions = await loadSubscriptions();
      const evidence = await readEvidence(target, id, subscriptions);
      const explanation = explainBooking(evidence, target.airline, subscriptions);
      const words = wordsFor(explanation, targetSuffix(name));
      answer({ ...words, explanation, evidence }, { json }, ({ explanation, evidence, ...words }) =>
        describeExplained({ explanation, words, evidence }),
      );
      process.exitCode = exitCodes[explanation.state];
    }),
);

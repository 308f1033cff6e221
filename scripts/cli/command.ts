import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { pc } from './colors.ts';
import { UsageError } from './usage-error.ts';

// The SDK's notice about this Node would stand between a person and the answer; package.json says which Node is supported.
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = 'true';

/** Exit codes of every command. */
export const exitCode = { done: 0, error: 1, bookingFailed: 2 } as const;

export type TargetName = 'local' | 'aws';

/** What every command that talks to a running airline takes. */
export interface CommonOptions {
  target: TargetName;
  json?: true;
}

/** A command with the options that all commands share. */
export function command(name: string, description: string): Command {
  return new Command(name)
    .description(description)
    .addOption(new Option('--target <target>', 'where the airline runs').choices(['local', 'aws']).default('local'))
    .option('--json', 'answer in JSON, for machines')
    .addHelpText('after', '\nExit codes: 0 done, 1 error, 2 the booking failed.');
}

/** Runs a program: errors go to standard error, in one sentence where a person can act on it, and end with exit code 1. */
export async function run(program: Command): Promise<void> {
  program.showHelpAfterError('(--help shows what it takes)');
  const all = [program, ...program.commands];
  for (const each of all) each.exitOverride().configureOutput({ outputError: (text, write) => write(pc.red(text)) });
  try {
    // `pnpm book -- --flight …` hands the separator on.
    await program.parseAsync(process.argv.filter((argument, index) => !(index === 2 && argument === '--')));
  } catch (error) {
    if (error instanceof CommanderError) {
      process.exitCode = error.exitCode;
      return;
    }
    const expected = error instanceof UsageError;
    console.error(
      pc.red(
        expected
          ? error.message
          : `Unexpected: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
      ),
    );
    process.exitCode = exitCode.error;
  }
}

/** The parser of an option that counts. */
export function positiveInteger(text: string): number {
  const number = Number(text);
  if (!Number.isInteger(number) || number < 1) throw new InvalidArgumentError('It must be a whole number above 0.');
  return number;
}

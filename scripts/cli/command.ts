import { printable, printableLines } from '@airline/events-schemas/printable';
import { Command, CommanderError, Option } from 'commander';
import { dropUnreadOutput, outputClosed } from './closed-output.ts';
import { pc } from './colors.ts';
import { asRefusal } from './refusal.ts';
import { UsageError } from './usage-error.ts';

// The SDK warns about old versions of Node on standard error. package.json says which versions are supported.
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = 'true';

/** Exit codes of every command. */
export const exitCode = { done: 0, error: 1, bookingFailed: 2, waiting: 3 } as const;

/** In characters. */
const longestLine = 2000;
const longestArgument = 200;

export type TargetName = 'local' | 'aws';

/** The options of every command that talks to a running airline. */
export interface CommonOptions {
  target: TargetName;
  json?: boolean;
}

/** What a command that is typed next needs in order to reach the same airline, e.g. ` --target aws`. */
export function targetSuffix(name: TargetName): string {
  return name === 'local' ? '' : ` --target ${name}`;
}

/** A command with the options of every command that talks to a running airline. */
export function command(name: string, description: string): Command {
  return new Command(name)
    .description(description)
    .addOption(new Option('--target <target>', 'where the airline runs').choices(['local', 'aws']).default('local'))
    .option('--json', 'print the answer as JSON')
    .addHelpText('after', '\nExit codes: 0 done, 1 error, 2 the booking failed.');
}

/**
 * Runs a program with the arguments of this process. Every command runs through here.
 *
 * An error goes to standard error and sets exit code 1; a UsageError is printed without its stack trace, and so is a
 * call that AWS refuses. A reader that closes an output early (`| head -1`) is no error: the rest is dropped, and the
 * exit code does not change.
 */
export async function run(program: Command): Promise<void> {
  dropUnreadOutput();
  program.showHelpAfterError('(--help shows the usage)');
  const all = [program, ...program.commands];
  const outputError = (text: string, write: (text: string) => void): void =>
    write(pc.red(shown(withShortArguments(text))));
  for (const each of all) each.exitOverride().configureOutput({ outputError });
  try {
    // `pnpm run deploy -- -c …` passes the separator on.
    await program.parseAsync(process.argv.filter((argument, index) => !(index === 2 && argument === '--')));
  } catch (error) {
    // The timers of Node throw an AbortError of their own, whose cause is the reason.
    if (outputClosed.aborted && [error, (error as Error).cause].includes(outputClosed.reason)) return;
    if (error instanceof CommanderError) {
      process.exitCode = error.exitCode;
      return;
    }
    const known = asRefusal(error) ?? error;
    console.error(pc.red(shown(known instanceof UsageError ? known.message : `Unexpected: ${stackOf(known)}`)));
    process.exitCode = exitCode.error;
  }
}

/** An error may quote a message, a file, an answer of a server or an argument. */
function shown(text: string): string {
  return printableLines(text, longestLine);
}

/** Commander quotes a refused argument whole, and only then says what is wrong with it. */
function withShortArguments(text: string): string {
  const long = process.argv.filter((argument) => argument.length > longestArgument);
  return long.reduce((short, argument) => short.replaceAll(argument, printable(argument, longestArgument)), text);
}

function stackOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

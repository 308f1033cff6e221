/**
 * `pnpm test:conformance`: deploys the stacks to an independent emulator of AWS and runs the end-to-end suites there.
 */
import { rmSync } from 'node:fs';
import path from 'node:path';
import { Command } from 'commander';
import { exitCode, run } from '../cli/command.ts';
import { preparePython } from '../cli/python.ts';
import { workspaceRoot } from '../cli/workspace.ts';
import { makeCertificate, requirements, runSuites, summaryOf } from '../conformance/run-suites.ts';
import { conformanceState } from '../conformance/state.ts';

await run(
  new Command('pnpm test:conformance')
    .description('Deploy the stacks to an emulator of AWS (MiniStack) and run the end-to-end suites there.')
    .usage('[suite] [options of jest]')
    .argument('[options...]', 'go to jest, e.g. operator, or -t "an operator"')
    .allowUnknownOption()
    .addHelpText(
      'after',
      '\nNeeds Python 3.10 or later. All options but --help go to jest (`npx jest --help` lists them).\n' +
        "Exit code: jest's; 1 when Python is missing.",
    )
    .action(testConformance),
);

async function testConformance(options: string[]): Promise<void> {
  const started = performance.now();
  const python = preparePython(
    conformanceState.pythonEnvironment,
    requirements,
    'The emulator of the conformance tests needs',
  );
  const logs = path.relative(workspaceRoot, conformanceState.logs);
  console.log(`Python ${python.version} with the emulator is ready after ${elapsed(started)}. Its logs: ${logs}`);
  makeCertificate(python.command);
  rmSync(conformanceState.logs, { recursive: true, force: true });
  const { code, output } = await runSuites(options);
  console.log(`\nConformance took ${elapsed(started)}.`);
  console.log(summaryOf(output));
  process.exitCode = code ?? exitCode.error;
}

function elapsed(started: number): string {
  const seconds = Math.round((performance.now() - started) / 1000);
  return seconds < 60 ? `${seconds} s` : `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}

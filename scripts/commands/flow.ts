/** `pnpm flow`: who says and hears what, as it is; renews and checks every document that shows it. */
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { Command, Option } from 'commander';
import { openTarget } from '../airline/target.ts';
import { printableData } from '../cli/answer.ts';
import { pc } from '../cli/colors.ts';
import { run, type TargetName } from '../cli/command.ts';
import { counted } from '../cli/format.ts';
import { UsageError } from '../cli/usage-error.ts';
import { workspaceRoot } from '../cli/workspace.ts';
import { synthesizeTemplates } from '../contracts/synthesize-templates.ts';
import { findFlowMistakes, findUnsettledEnds, tellStories } from '../flow/check-flow.ts';
import { compareFlows } from '../flow/compare-flows.ts';
import { deployedFlow } from '../flow/deployed-flow.ts';
import { documentsOf, formats } from '../flow/documents.ts';
import type { Flow } from '../flow/flow.ts';
import { flowOfTemplates, type Knowledge } from '../flow/flow-of-templates.ts';
import { loadKnowledge } from '../flow/knowledge.ts';
import { lintOpenApi } from '../flow/lint-openapi.ts';
import { openApiFile } from '../flow/openapi.ts';

/** Of a template at a target, in characters. */
const longestText = 10_000;

interface Options {
  format: string;
  target?: TargetName;
  write?: true;
  check?: true;
}

await run(
  new Command('pnpm flow')
    .description("Shows who says and hears what. It is made of this checkout's templates, or of what runs at a target.")
    .addOption(new Option('--format <format>', 'of what it prints').choices(Object.keys(formats)).default('markdown'))
    .addOption(new Option('--target <target>', 'show the flow that runs there').choices(['local', 'aws']))
    .addOption(
      new Option('--write', "renew the README's table and the files in docs").conflicts(['check', 'target', 'format']),
    )
    .addOption(
      new Option('--check', 'print nothing; fail where the flow is wrong, or documents or target differ').conflicts(
        'format',
      ),
    )
    .addHelpText(
      'after',
      '\nWith --target, it says on standard error how what runs there differs from this checkout.' +
        '\nExit codes: 0 done, 1 error; with --check also 1 if something is wrong.',
    )
    .action(flow),
);

async function flow({ format, target, write, check }: Options): Promise<void> {
  const knowledge = await loadKnowledge();
  const here = flowOfTemplates(await synthesizeTemplates(), knowledge);
  if (target !== undefined) return showDeployed(target, here, knowledge, { format, check });
  if (write) return writeDocuments(here);
  if (check) return checkDocuments(here, knowledge);
  process.stdout.write(formats[format]!(here));
}

async function showDeployed(
  target: TargetName,
  here: Flow,
  knowledge: Knowledge,
  { format, check }: { format: string; check: true | undefined },
): Promise<void> {
  const { flow: found, changedByHand } = await deployedFlow(openTarget(target), knowledge);
  // A template at the target is text that somebody else wrote.
  const there = printableData(found, longestText);
  const differences = [...changedByHand, ...compareFlows(there, here)];
  if (!check) process.stdout.write(formats[format]!(there));
  const mistakes = check ? await findMistakes(there, knowledge) : [];
  if (differences.length > 0) {
    console.error(
      pc.yellow(`What runs there (${target}) differs from this checkout in ${counted(differences.length, 'fact')}:`),
    );
    for (const difference of differences) console.error(`  ${difference}`);
  }
  if (!check) return;
  if (differences.length + mistakes.length > 0)
    throw new UsageError(
      [...mistakes, 'Deploy this checkout (`pnpm run deploy`), or check out what runs there.'].join('\n'),
    );
  console.log(`What runs there (${target}) is what this checkout says, and every booking settles.`);
}

async function findMistakes(shown: Flow, { contract }: Knowledge): Promise<string[]> {
  return [...findFlowMistakes(shown, contract), ...(await findUnsettledEnds(shown, await tellStories(shown)))];
}

async function writeDocuments(here: Flow): Promise<void> {
  for (const { file, content, isCurrent } of documentsOf(here, await tellStories(here))) {
    if (!isCurrent) writeFileSync(path.join(workspaceRoot, file), content);
    console.log(`${file} is ${isCurrent ? 'current' : 'written'}.`);
  }
}

async function checkDocuments(here: Flow, knowledge: Knowledge): Promise<void> {
  const stories = await tellStories(here);
  const documents = documentsOf(here, stories);
  const stale = documents.filter(({ isCurrent }) => !isCurrent);
  const openApi = documents.find(({ file }) => path.join(workspaceRoot, file) === openApiFile)!;
  const mistakes = [
    ...findFlowMistakes(here, knowledge.contract),
    ...(await findUnsettledEnds(here, stories)),
    ...(await lintOpenApi(openApi.content, openApiFile)),
    ...stale.map(({ file }) => `${file} is not current. Type \`pnpm flow --write\`, and commit it.`),
  ];
  if (mistakes.length > 0) throw new UsageError(mistakes.join('\n'));
  const { services, events } = here;
  console.log(
    `${counted(services.length, 'service')}, ${counted(events.length, 'event')}, ${stories.length} stories: ` +
      'every event has a listener, every booking settles, and all documents are current.',
  );
}

/** `pnpm contracts:check`: whether everyone still understands everyone, old and new. */
import { contractOf, type Contract } from '@airline/events-schemas/compatibility/contract';
import { findBreaks, type Break } from '@airline/events-schemas/compatibility/find-breaks';
import {
  readReleases,
  type Readers,
  type Release,
  unreleasedEvents,
} from '@airline/events-schemas/compatibility/releases';
import { Command } from 'commander';
import { pc } from '../cli/colors.ts';
import { run } from '../cli/command.ts';
import { counted } from '../airline/schedule.ts';
import { UsageError } from '../cli/usage-error.ts';
import { findRuleMistakes } from '../contracts/check-rules.ts';
import { readContract } from '../contracts/read-contract.ts';
import { findReadMistakes, loadReaders, readersOf } from '../contracts/readers.ts';
import { rulesOf } from '../contracts/rules.ts';
import { synthesizeTemplates } from '../contracts/synthesize-templates.ts';

interface Options {
  schemas?: string;
  released?: string;
  rules: boolean;
  frozen?: true;
}

const program = new Command('pnpm contracts:check')
  .description(
    'Compares the events with every release that is kept, with what the services read, and with the rules of their stacks.',
  )
  .option('--schemas <folder>', 'the schemas to check', undefined)
  .option('--released <folder>', 'the releases to compare with', undefined)
  .option('--no-rules', 'leave out the rules of the stacks (they are synthesized for it)')
  .option('--frozen', 'fail also when a compatible change is not released yet; for CI')
  .action(async ({ schemas, released, rules, frozen }: Options) => {
    const { contract: current } = readContract(schemas);
    const readers = await loadReaders();
    const releases = readReleases(released);
    if (releases.length === 0)
      throw new UsageError('There is no release to compare with: `pnpm contracts:release` makes the first.');
    const all = rules ? rulesOf(await synthesizeTemplates()) : [];

    const mistakes = [
      ...findIncompatibilities(releases, current, readers),
      ...findReadMistakes(readers, current),
      ...all.flatMap((rule) => findRuleMistakes(rule, current)),
    ];
    for (const mistake of mistakes) console.error(`${pc.red('✗')} ${mistake}`);
    const latest = releases.at(-1);
    const unreleased = unreleasedEvents(latest, current);
    if (mistakes.length > 0) {
      throw new UsageError(
        `${counted(mistakes.length, 'break')} of the contract. CONTRIBUTING.md, "Change an event", says what can be done.`,
      );
    }
    const compared = `${counted(current.size, 'event')} and ${counted(releases.length, 'release')}`;
    const checked = `${counted(Object.keys(readers).length, 'reader')}, ${rules ? counted(all.length, 'rule') : 'no rules'}`;
    console.log(`${pc.green('✓')} Everyone understands everyone: ${compared}, ${checked}.`);
    if (unreleased.length === 0) return;
    const notice = `Not released yet: ${unreleased.join(', ')}. Before it is deployed, \`pnpm contracts:release\` keeps what it promises from then on.`;
    if (frozen) throw new UsageError(notice);
    console.log(pc.yellow(notice));
  });

await run(program);

function findIncompatibilities(releases: readonly Release[], current: Contract, readers: Readers): string[] {
  const seen = new Set<string>();
  return releases.flatMap((release) =>
    findBreaks(contractOf(release.schemas), current).flatMap((found) => {
      const affected = readersOf(
        found.breaks === 'old readers' ? release.readers : readers,
        found.detailType,
        found.path,
      );
      const sentence = describe(found, affected);
      // Two releases tell the same of what did not change between them.
      if (seen.has(sentence)) return [];
      seen.add(sentence);
      return [`${sentence} (compared with release ${release.number} of ${release.releasedOn})`];
    }),
  );
}

function describe({ event, path, breaks, why }: Break, { hears, reads }: { hears: string[]; reads: string[] }): string {
  const field = path === '' ? event : `${event} ${path}`;
  const direct =
    reads.length > 0 && path !== '' ? `; ${reads.join(', ')} ${reads.length === 1 ? 'reads' : 'read'} this field` : '';
  const who =
    hears.length === 0
      ? 'Nobody hears it'
      : `This breaks ${breaks} in ${hears.join(', ')}: they refuse the event${direct}`;
  return `${field}: ${why}. ${who}.`;
}

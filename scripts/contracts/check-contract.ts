import { type Contract, contractOf } from '@airline/events-schemas/compatibility/contract';
import { type Break, findBreaks } from '@airline/events-schemas/compatibility/find-breaks';
import {
  type Readers,
  readReleases,
  type Release,
  unreleasedEvents,
} from '@airline/events-schemas/compatibility/releases';
import { UsageError } from '../cli/usage-error.ts';
import { findRuleMistakes } from './check-rules.ts';
import { readContract } from './read-contract.ts';
import { findReadMistakes, loadReaders, readersOf } from './readers.ts';
import { rulesOf } from './rules.ts';
import { synthesizeTemplates } from './synthesize-templates.ts';

export interface CheckOptions {
  /** The folder of the schemas. @default events-schemas/schemas */
  schemas?: string;
  /** The folder of the releases. @default events-schemas/released */
  released?: string;
  /** Whether to synthesize the stacks and check their rules. */
  rules: boolean;
}

interface CheckedContract {
  /** Each as a sentence. */
  mistakes: string[];
  /** Events that changed, compatibly, since the latest release. */
  unreleased: string[];
  /** How many of each were checked. */
  events: number;
  releases: number;
  readers: number;
  rules: number;
}

/**
 * Compares the contract with its releases, the services' declared reads and the stacks' rules.
 * @throws UsageError when there is no release, or a schema is not supported
 */
export async function checkContract({ schemas, released, rules }: CheckOptions): Promise<CheckedContract> {
  const { contract } = readContract(schemas);
  const readers = await loadReaders();
  const releases = readReleases(released);
  if (releases.length === 0)
    throw new UsageError('There is no release to compare with. `pnpm contracts:release` creates the first.');
  const eventRules = rules ? rulesOf(await synthesizeTemplates()) : [];
  return {
    mistakes: [
      ...findIncompatibilities(releases, contract, readers),
      ...findReadMistakes(readers, contract),
      ...eventRules.flatMap((rule) => findRuleMistakes(rule, contract)),
    ],
    unreleased: unreleasedEvents(releases.at(-1), contract),
    events: contract.size,
    releases: releases.length,
    readers: Object.keys(readers).length,
    rules: eventRules.length,
  };
}

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
      // A part that is the same in two releases has the same break in both. It is reported once.
      if (seen.has(sentence)) return [];
      seen.add(sentence);
      return [`${sentence} (compared with release ${release.number} of ${release.releasedOn})`];
    }),
  );
}

function describe({ event, path, breaks, why }: Break, { hears, reads }: { hears: string[]; reads: string[] }): string {
  const field = path === '' ? event : `${event} ${path}`;
  const verb = reads.length === 1 ? 'reads' : 'read';
  const direct = reads.length > 0 && path !== '' ? `; ${reads.join(', ')} ${verb} this field` : '';
  const who =
    hears.length === 0
      ? 'No service hears it'
      : `This breaks ${breaks} in ${hears.join(', ')}: they refuse the event${direct}`;
  return `${field}: ${why}. ${who}.`;
}

import { contractOf } from '@airline/events-schemas/compatibility/contract';
import { findBreaks } from '@airline/events-schemas/compatibility/find-breaks';
import { readReleases, unreleasedEvents, writeRelease } from '@airline/events-schemas/compatibility/releases';
import { counted, isoDay } from '../cli/format.ts';
import { UsageError } from '../cli/usage-error.ts';
import { readContract } from './read-contract.ts';
import { findReadMistakes, loadReaders } from './readers.ts';

export interface Released {
  number: number;
  /**
   * The events that changed since the release before. Empty: nothing was written, and `number` is the latest release.
   */
  changes: string[];
  /** The file that was written. */
  file?: string;
}

/**
 * Writes the contract as the next release, if it differs from the latest one.
 * @throws UsageError when it is incompatible with a release or with a service's declared reads
 */
export async function releaseContract(folders: { schemas?: string; released?: string }): Promise<Released> {
  const { schemas, contract } = readContract(folders.schemas);
  const releases = readReleases(folders.released);
  const readers = await loadReaders();
  const breaks = releases.flatMap((release) => findBreaks(contractOf(release.schemas), contract)).length;
  const mistakes = breaks + findReadMistakes(readers, contract).length;
  if (mistakes > 0) {
    throw new UsageError(
      `${counted(mistakes, 'break')} of the contract; \`pnpm contracts:check\` lists them. Nothing was released.`,
    );
  }

  const latest = releases.at(-1);
  const changes = unreleasedEvents(latest, contract);
  if (latest && changes.length === 0) return { number: latest.number, changes };
  const number = (latest?.number ?? 0) + 1;
  const file = writeRelease({ number, releasedOn: isoDay(Date.now()), readers, schemas }, folders.released);
  return { number, changes, file };
}

import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { contractOf, type Contract, type SchemaFiles } from './contract.ts';
import { saysTheSame } from './json-schema.ts';

/** What each service reads of each event, as its declaration says. */
export type Readers = Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>;

/** The contract as it was deployed once, and who read what of it then. Kept as one file, which never changes. */
export interface Release {
  number: number;
  /** YYYY-MM-DD. */
  releasedOn: string;
  readers: Readers;
  schemas: SchemaFiles;
}

export const releaseFolder = path.join(import.meta.dirname, '..', 'released');

/** Every release that is kept, oldest first. One may be deleted once no message of it can be left anywhere. */
export function readReleases(folder = releaseFolder): Release[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((name) => /^\d+\.json$/.test(name))
    .map((name) => JSON.parse(readFileSync(path.join(folder, name), 'utf8')) as Release)
    .sort((a, b) => a.number - b.number);
}

export function writeRelease(release: Release, folder = releaseFolder): string {
  mkdirSync(folder, { recursive: true });
  const file = path.join(folder, `${release.number}.json`);
  // `wx`: what was released once stays as it was.
  writeFileSync(file, `${JSON.stringify(release, null, 2)}\n`, { flag: 'wx' });
  return file;
}

/** Events whose schema, or producer, is not what the release says; annotations such as descriptions do not count. */
export function unreleasedEvents(release: Release | undefined, current: Contract): string[] {
  const released: Contract = release ? contractOf(release.schemas) : new Map();
  return [...current].flatMap(([event, { schema, source }]) => {
    const before = released.get(event);
    return before && before.source === source && saysTheSame(before.schema, schema) ? [] : [event];
  });
}

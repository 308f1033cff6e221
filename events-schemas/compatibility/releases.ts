import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { contractOf, type Contract, type SchemaFiles } from './contract.ts';
import { equalExceptAnnotations } from './json-schema.ts';

/** The declared paths that each service reads, by service and detail-type. */
export type Readers = Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>;

/** A deployed version of the contract, with the declared reads of each service. It is one file, which never changes. */
export interface Release {
  number: number;
  /** YYYY-MM-DD. */
  releasedOn: string;
  readers: Readers;
  schemas: SchemaFiles;
}

export const releaseFolder = path.join(import.meta.dirname, '..', 'released');

/** All releases in the folder, oldest first. A release may be deleted once no message of it can exist any more. */
export function readReleases(folder = releaseFolder): Release[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((name) => /^\d+\.json$/.test(name))
    .map((name) => JSON.parse(readFileSync(path.join(folder, name), 'utf8')) as Release)
    .sort((a, b) => a.number - b.number);
}

/** @returns the path of the new file. @throws Error (EEXIST) when that release exists */
export function writeRelease(release: Release, folder = releaseFolder): string {
  mkdirSync(folder, { recursive: true });
  const file = path.join(folder, `${release.number}.json`);
  // `wx` fails when the file exists: a release never changes.
  writeFileSync(file, `${JSON.stringify(release, null, 2)}\n`, { flag: 'wx' });
  return file;
}

/** Events whose schema or producer differs from the release. Annotations such as descriptions do not count. */
export function unreleasedEvents(release: Release | undefined, current: Contract): string[] {
  const released: Contract = release ? contractOf(release.schemas) : new Map();
  return [...current].flatMap(([event, { schema, source }]) => {
    const before = released.get(event);
    return before && before.source === source && equalExceptAnnotations(before.schema, schema) ? [] : [event];
  });
}

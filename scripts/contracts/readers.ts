import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Contract } from '@airline/events-schemas/compatibility/contract';
import { findField } from '@airline/events-schemas/compatibility/find-field';
import type { Readers } from '@airline/events-schemas/compatibility/releases';
import type { Reads } from '@airline/events-schemas/reads';
import { workspaceRoot } from '../cli/workspace.ts';

const packages = path.join(workspaceRoot, 'packages');

/** The fields that each service declares to read, in its src/reads.ts. */
export async function loadReaders(): Promise<Readers> {
  const services = readdirSync(packages).sort();
  const files = services.map((service) => [service, path.join(packages, service, 'src', 'reads.ts')] as const);
  const declared = files
    .filter(([, file]) => existsSync(file))
    .map(async ([service, file]) => {
      const { reads } = (await import(pathToFileURL(file).href)) as { reads: Reads };
      return [service, reads] as const;
    });
  return Object.fromEntries(await Promise.all(declared));
}

/** Declared fields that the producer's schema does not guarantee, each as a sentence. */
export function findReadMistakes(readers: Readers, contract: Contract): string[] {
  const events = new Map([...contract.values()].map((event) => [event.detailType, event]));
  return Object.entries(readers).flatMap(([service, reads]) =>
    Object.entries(reads).flatMap(([detailType, paths]) => {
      const event = events.get(detailType);
      if (!event) return [`${service} declares to read ${detailType}, which nobody publishes.`];
      return paths.flatMap((declared) => {
        const path = declared.replace(/\?$/, '');
        // A consumer derives metadata that a producer outside the project left out, so it is always complete.
        const field = path.startsWith('metadata.') ? metadataField(path, contract) : findField(event.schema, path);
        const who = `${service} reads ${path} of ${detailType}`;
        if (!field) return [`${who}, which no schema of ${event.source} has.`];
        if (field.isGuaranteed || declared.endsWith('?')) return [];
        return [
          `${who} as if it were always present, but ${event.source} need not send it: ` +
            `declare it as \`${path}?\` and handle its absence.`,
        ];
      });
    }),
  );
}

/** Metadata is guaranteed if any event's schema requires it: every service of the project sends complete metadata. */
function metadataField(path: string, contract: Contract): ReturnType<typeof findField> {
  const fields = [...contract.values()].map(({ schema }) => findField(schema, path));
  return fields.find((field) => field?.isGuaranteed) ?? fields.find((field) => field !== undefined);
}

/** The services that hear an event, and those of them that read the field at a path or a part of it. */
export function readersOf(readers: Readers, detailType: string, path: string): { hears: string[]; reads: string[] } {
  const hears = Object.keys(readers).filter((service) => readers[service]![detailType] !== undefined);
  const reads = hears.filter((service) =>
    readers[service]![detailType]!.some((declared) => {
      const own = declared.replace(/\?$/, '');
      return own === path || own.startsWith(`${path}.`) || own.startsWith(`${path}[]`) || path === `${own}[]`;
    }),
  );
  return { hears, reads: path === '' ? hears : reads };
}

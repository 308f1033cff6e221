import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Contract } from '@airline/events-schemas/compatibility/contract';
import { findField } from '@airline/events-schemas/compatibility/find-field';
import type { Readers } from '@airline/events-schemas/compatibility/releases';
import type { Reads } from '@airline/events-schemas/reads';
import { workspaceRoot } from '../cli/workspace.ts';

const packages = path.join(workspaceRoot, 'packages');

/** What every service declares to read. A service joins by having a src/reads.ts. */
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

/** Fields that a service relies on and that no producer's schema promises, each as a sentence. */
export function findReadMistakes(readers: Readers, contract: Contract): string[] {
  const events = new Map([...contract.values()].map((event) => [event.detailType, event]));
  return Object.entries(readers).flatMap(([service, reads]) =>
    Object.entries(reads).flatMap(([detailType, paths]) => {
      const event = events.get(detailType);
      if (!event) return [`${service} declares to read ${detailType}, which nobody publishes.`];
      return paths.flatMap((declared) => {
        const path = declared.replace(/\?$/, '');
        // Metadata that a producer outside the project left out is derived on arrival, as complete as anyone else's.
        const field = path.startsWith('metadata.') ? metadataField(path, contract) : findField(event.schema, path);
        const who = `${service} reads ${path} of ${detailType}`;
        if (!field) return [`${who}, which no schema of ${event.source} has.`];
        if (field.isGuaranteed || declared.endsWith('?')) return [];
        return [
          `${who} as if it were always there, and ${event.source} need not send it: mark it \`${path}?\` and cope without it.`,
        ];
      });
    }),
  );
}

/** Some producer must send complete metadata: any service of the project does. */
function metadataField(path: string, contract: Contract): ReturnType<typeof findField> {
  const fields = [...contract.values()].map(({ schema }) => findField(schema, path));
  return fields.find((field) => field?.isGuaranteed) ?? fields.find((field) => field !== undefined);
}

/** Who hears an event, and of those who reads the field at a path, or something in it. */
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

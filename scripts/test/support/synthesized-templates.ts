import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { cdkApps } from '../../airline/cdk-apps.ts';
import { commandArguments } from '../../cli/workspace.ts';

export interface Template {
  Resources: Record<string, { Type: string; Properties: Record<string, unknown> }>;
}

/** The template of every stack, by the stack's name, as `pnpm synth` writes them. */
export async function synthesizedTemplates(): Promise<Map<string, Template>> {
  const assemblies = mkdtempSync(path.join(tmpdir(), 'airline-templates-'));
  try {
    await promisify(execFile)(process.execPath, commandArguments('synth'), {
      env: { ...process.env, CDK_ASSEMBLIES: assemblies },
    });
    return new Map(
      cdkApps(assemblies).flatMap(({ assembly }) =>
        readdirSync(assembly)
          .filter((file) => file.endsWith('.template.json'))
          .map((file): [string, Template] => [
            file.replace('.template.json', ''),
            JSON.parse(readFileSync(path.join(assembly, file), 'utf8')) as Template,
          ]),
      ),
    );
  } finally {
    rmSync(assemblies, { recursive: true, force: true });
  }
}

export function resourcesOf(template: Template, type: string): Record<string, unknown>[] {
  return Object.values(template.Resources)
    .filter(({ Type }) => Type === type)
    .map(({ Properties }) => Properties);
}

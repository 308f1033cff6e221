import { cpSync, mkdirSync, mkdtempSync, readdirSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { workspaceRoot } from '../../cli/workspace.ts';

const generated: ReadonlySet<string> = new Set(['cdk.out', '.local-cloud', '.git', '.bin']);

/**
 * Copies some folders of the workspace to a temporary folder. Links between packages lead to the copies; a link to a
 * package that was not copied is broken. Libraries are those of the original.
 * @returns the temporary folder
 */
export function copyWorkspace(folders: readonly string[]): string {
  const copy = mkdtempSync(path.join(tmpdir(), 'airline-workspace-'));
  const libraries = path.join(workspaceRoot, 'node_modules');
  mkdirSync(path.join(copy, 'node_modules'));
  symlinkSync(path.join(libraries, '.pnpm'), path.join(copy, 'node_modules', '.pnpm'));
  for (const name of readdirSync(libraries).filter((entry) => !entry.startsWith('.'))) {
    cpSync(path.join(libraries, name), path.join(copy, 'node_modules', name), {
      recursive: true,
      verbatimSymlinks: true,
    });
  }
  for (const folder of ['package.json', 'tsconfig.json', 'tsconfig.base.json', ...folders]) {
    cpSync(path.join(workspaceRoot, folder), path.join(copy, folder), {
      recursive: true,
      verbatimSymlinks: true,
      filter: (file) => !generated.has(path.basename(file)),
    });
  }
  return copy;
}

import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { UsageError } from '../cli/usage-error.ts';

/** Lists the files that were written, so that the next time the old ones can go. */
const list = 'site-files.json';

/**
 * Writes a site into a folder. Files of an earlier site go; others, e.g. a host's own settings, stay.
 * @throws UsageError when the folder has files but no site
 */
export function writeSite(folder: string, files: ReadonlyMap<string, string>): void {
  const earlier = path.join(folder, list);
  if (existsSync(earlier)) {
    for (const file of JSON.parse(readFileSync(earlier, 'utf8')) as string[])
      rmSync(inside(folder, file), { force: true });
  } else if (existsSync(folder) && readdirSync(folder).length > 0) {
    throw new UsageError(
      `${folder} has files, but no site of \`pnpm site\`. Name an empty folder, or one that does not exist.`,
    );
  }
  for (const [file, content] of files) {
    const target = inside(folder, file);
    mkdirSync(path.dirname(target), { recursive: true });
    writeFileSync(target, content);
  }
  writeFileSync(earlier, `${JSON.stringify([...files.keys()], null, 2)}\n`);
}

/** @throws UsageError for a file that is not in the folder */
function inside(folder: string, file: string): string {
  const target = path.resolve(folder, file);
  if (target.startsWith(path.resolve(folder) + path.sep)) return target;
  throw new UsageError(`${path.join(folder, list)} lists ${file}, which is not in that folder. Delete the folder.`);
}

import { readFileSync } from 'node:fs';
import path from 'node:path';
import { workspaceRoot } from '../../cli/workspace.ts';

/**
 * The commands of a page: the text of its shell blocks, by heading and in their order.
 * @param file from the root of the repository
 */
export function pageCommands(file: string): { heading: string; commands: string }[] {
  const sections = readFileSync(path.join(workspaceRoot, file), 'utf8').split(/^## /m);
  return sections.flatMap((section) => {
    const heading = section.slice(0, section.indexOf('\n'));
    return [...section.matchAll(/^```sh\n(.*?)^```$/gms)].map(([, commands]) => ({ heading, commands: commands! }));
  });
}

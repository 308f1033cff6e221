/** `pnpm site`: writes what the models know as pages for any static host. */
import path from 'node:path';
import { Command } from 'commander';
import { run } from '../cli/command.ts';
import { counted } from '../cli/format.ts';
import { workspaceRoot } from '../cli/workspace.ts';
import { synthesizeTemplates } from '../contracts/synthesize-templates.ts';
import { loadKnowledge } from '../flow/knowledge.ts';
import { siteFiles } from '../site/site-files.ts';
import { readSiteModel } from '../site/site-model.ts';
import { writeSite } from '../site/write-site.ts';

await run(
  new Command('pnpm site')
    .description('Write the flow, stories, events, services, API, alarms and runbook as pages for any static host.')
    .option('--out <folder>', 'where to write them', path.join(workspaceRoot, 'site'))
    .addHelpText('after', '\nThe pages need no server: open index.html. The same checkout gives the same bytes.')
    .action(site),
);

async function site({ out }: { out: string }): Promise<void> {
  const model = await readSiteModel(await synthesizeTemplates(), await loadKnowledge());
  const files = await siteFiles(model);
  writeSite(out, files);
  const pages = [...files.keys()].filter((file) => file.endsWith('.html')).length;
  console.log(`${counted(pages, 'page')} written. Open ${path.join(out, 'index.html')}`);
}

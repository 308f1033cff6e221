/** `pnpm dlq`: the dead-letter queues. */
import { Command } from 'commander';
import { run } from '../cli/command.ts';
import { dropCommand } from './dlq/drop.ts';
import { exportCommand } from './dlq/export.ts';
import { listCommand } from './dlq/list.ts';
import { redriveCommand } from './dlq/redrive.ts';
import { showCommand } from './dlq/show.ts';

const program = new Command('pnpm dlq')
  .description('Dead-letter queues: which messages are stuck, why, and how to redrive or remove them.')
  .addHelpText('after', '\ndocs/runbook.md says what each reason means and what to type.');

for (const create of [listCommand, showCommand, redriveCommand, exportCommand, dropCommand])
  program.addCommand(create());

await run(program);

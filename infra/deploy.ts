/**
 * `pnpm run deploy` in a package: `cdk deploy` of its app, with the options that it is given. Where a stack is new and tables or
 * queues of its names are there, because it was deployed before and removed, `cdk import` takes those in first: CloudFormation
 * would refuse to create them. (`cdk deploy --import-existing-resources` finds tables, but no queues: it looks resources up by
 * their primary identifier, and a queue's is its URL, which no template names.)
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { findLeftovers, type Leftover } from './src/leftovers.ts';

// The SDK's notice about this Node is meant for whoever chooses it; package.json says which Node is supported.
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= 'true';

const [app, ...given] = process.argv.slice(2);
if (app === undefined) throw new Error('Usage: tsx deploy.ts APP.ts [options of cdk deploy]');
// `pnpm run deploy -- -c …` hands the separator on.
const options = given.filter((argument) => argument !== '--');
const assembly = path.join(process.cwd(), 'cdk.out');

process.exitCode = await deploy().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : String(error));
  return 1;
});

async function deploy(): Promise<number> {
  const profile = valueOf(options, '--profile');
  if (profile !== undefined) process.env.AWS_PROFILE = profile;

  if (await cdk('synth', '--quiet', '--app', `tsx ${app}`, '--output', assembly, ...contextOf(options))) return 1;
  for (const { stack, leftovers } of await findLeftovers(assembly)) {
    console.log(`${stack} was here before. Taking in what it left: ${leftovers.map(({ name }) => name).join(', ')}`);
    if (await importInto(stack, leftovers)) return 1;
  }
  return cdk('deploy', '--all', '--app', assembly, ...options);
}

async function importInto(stack: string, leftovers: readonly Leftover[]): Promise<number> {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'leftovers-'));
  try {
    const mapping = path.join(folder, 'mapping.json');
    writeFileSync(
      mapping,
      JSON.stringify(Object.fromEntries(leftovers.map(({ logicalId, identifier }) => [logicalId, identifier]))),
    );
    return await cdk('import', stack, '--app', assembly, '--resource-mapping', mapping);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Runs the CDK's own command. @returns its exit code */
async function cdk(...parameters: string[]): Promise<number> {
  const child = spawn('cdk', parameters, { stdio: 'inherit' });
  return new Promise((resolve, reject) => child.once('error', reject).once('close', (code) => resolve(code ?? 1)));
}

/** What synthesis takes of the options of `cdk deploy`: context values. */
function contextOf(parameters: readonly string[]): string[] {
  return parameters.flatMap((argument, index) => {
    if (argument === '-c' || argument === '--context') return ['-c', parameters[index + 1] ?? ''];
    return argument.startsWith('--context=') ? ['-c', argument.slice('--context='.length)] : [];
  });
}

function valueOf(parameters: readonly string[], option: string): string | undefined {
  const index = parameters.indexOf(option);
  const inline = parameters.find((argument) => argument.startsWith(`${option}=`));
  return index >= 0 ? parameters[index + 1] : inline?.slice(option.length + 1);
}

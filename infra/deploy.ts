/**
 * `pnpm run deploy` in a package: runs `cdk deploy` for its app, with the given options.
 *
 * A removed stack leaves its table and its queues behind (see infra/README.md). A stack whose creation failed leaves
 * its table. If there are such leftovers, `cdk import` first adds them to the stack, because CloudFormation refuses to
 * create them again. `cdk deploy --import-existing-resources` finds the table, but no queue: it looks a resource up by
 * its primary identifier in the template, and a queue's primary identifier is its URL, which no template contains.
 *
 * A deployment that would switch the login of customers off is refused unless `-c login=off` is among the options: a
 * stored context (cdk.context.json) must not do it silently.
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { findLeftovers, type Leftover } from './src/leftovers.ts';
import { describeLoginThatEnds, findLoginThatEnds } from './src/login-change.ts';

// Suppresses the SDK's warning about old versions of Node. package.json states which versions are supported.
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= 'true';

const [app, ...given] = process.argv.slice(2);
if (app === undefined) throw new Error('Usage: tsx deploy.ts APP.ts [options of cdk deploy]');
// `pnpm run deploy -- -c …` passes the separator `--` on.
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
  const authorizerParameter = await findLoginThatEnds(assembly);
  if (authorizerParameter !== undefined) {
    console.error(describeLoginThatEnds(authorizerParameter));
    if (!contextOf(options).includes('login=off')) {
      console.error(
        'Nothing was deployed: login=off comes from a stored context. To do it all the same, type -c login=off.',
      );
      return 1;
    }
  }
  for (const { stack, leftovers, creationFailed } of await findLeftovers(assembly)) {
    const names = leftovers.map(({ name }) => name).join(', ');
    if (creationFailed && (await cdk('destroy', stack, '--app', assembly, '--force'))) return 1;
    const past = creationFailed ? 'could not be created' : 'was removed';
    console.log(`The stack ${stack} ${past} before. Importing the resources that it left: ${names}`);
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

/** Runs the `cdk` command. @returns its exit code */
async function cdk(...parameters: string[]): Promise<number> {
  const child = spawn('cdk', parameters, { stdio: 'inherit' });
  return new Promise((resolve, reject) => child.once('error', reject).once('close', (code) => resolve(code ?? 1)));
}

/** The options of `cdk deploy` that synthesis needs too: context values. */
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

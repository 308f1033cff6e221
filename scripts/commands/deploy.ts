/**
 * `pnpm run deploy`: every stack, the platform's first and then the services' in any order, each as its team deploys it
 * (`pnpm --filter @airline/seats run deploy`), with the options that are given (`pnpm run deploy -c name=airline-test`).
 */
import { spawn } from 'node:child_process';
import path from 'node:path';
import { type CdkApp, cdkApps } from '../airline/cdk-apps.ts';
import { workspaceRoot } from '../cli/workspace.ts';

const options = process.argv.slice(2).filter((argument) => argument !== '--');
const deployer = path.join(workspaceRoot, 'infra', 'deploy.ts');
/** Nobody is asked before permissions widen, so nobody need look at one stack at a time. */
const unattended = options.join(' ').match(/--require-approval[ =]never/) !== null;

const [platform, ...services] = cdkApps() as [CdkApp, ...CdkApp[]];
let failed = await deploy(platform);
if (!failed) {
  if (unattended) failed = (await Promise.all(services.map(deploy))).some(Boolean);
  else for (const service of services) if (!failed) failed = await deploy(service);
}
process.exitCode = failed ? 1 : 0;

/** @returns whether it failed */
async function deploy({ name, entry }: CdkApp): Promise<boolean> {
  const folder = path.join(workspaceRoot, name);
  const started = performance.now();
  const child = spawn(
    path.join(folder, 'node_modules', '.bin', 'tsx'),
    [deployer, path.relative(folder, entry), ...options],
    {
      cwd: folder,
      env: { ...process.env, PATH: `${path.join(folder, 'node_modules', '.bin')}${path.delimiter}${process.env.PATH}` },
      stdio: unattended ? ['ignore', 'pipe', 'pipe'] : 'inherit',
    },
  );
  let output = '';
  // Several at once would be a jumble: each is shown when it is done.
  for (const stream of [child.stdout, child.stderr])
    stream?.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const code = await new Promise<number | null>((resolve, reject) =>
    child.once('error', reject).once('close', resolve),
  );
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  console.log(`${output}${name} ${code === 0 ? `is deployed (${seconds} s)` : 'is NOT deployed'}`);
  return code !== 0;
}

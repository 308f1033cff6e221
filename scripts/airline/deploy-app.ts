import { spawn } from 'node:child_process';
import path from 'node:path';
import { workspaceRoot } from '../cli/workspace.ts';
import type { CdkApp } from './cdk-apps.ts';

/**
 * Deploys one app as its team does it (`pnpm --filter @airline/seats run deploy`) and prints the result.
 * @param options of `cdk deploy`
 * @param alone false keeps the output until the end, since several apps at once would mix their lines
 * @returns whether it succeeded
 */
export async function deployApp(
  { name, entry }: CdkApp,
  options: readonly string[],
  { alone }: { alone: boolean },
): Promise<boolean> {
  const folder = path.join(workspaceRoot, name);
  const binaries = path.join(folder, 'node_modules', '.bin');
  const deployer = path.join(workspaceRoot, 'infra', 'deploy.ts');
  const started = performance.now();
  // To a terminal the CDK writes directly. Into a pipe its output goes through this process, so that a reader which
  // closes the pipe early does not end the deployment.
  const outputs = [process.stdout, process.stderr].map(({ isTTY }) => (alone && isTTY ? 'inherit' : 'pipe'));
  const child = spawn(path.join(binaries, 'tsx'), [deployer, path.relative(folder, entry), ...options], {
    cwd: folder,
    env: { ...process.env, PATH: `${binaries}${path.delimiter}${process.env.PATH}` },
    stdio: [alone ? 'inherit' : 'ignore', ...outputs],
  });
  let kept = '';
  const keep = (chunk: Buffer): void => void (kept += chunk.toString());
  child.stdout?.on('data', alone ? (chunk: Buffer) => process.stdout.write(chunk) : keep);
  child.stderr?.on('data', alone ? (chunk: Buffer) => process.stderr.write(chunk) : keep);
  const code = await new Promise<number | null>((resolve, reject) =>
    child.once('error', reject).once('close', resolve),
  );
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  console.log(`${kept}${name} ${code === 0 ? `is deployed (${seconds} s)` : 'is NOT deployed'}`);
  return code === 0;
}

/**
 * `pnpm run deploy`: deploys every stack, the platform's first, then those of the services in any order. Options that
 * are not its own go to `cdk deploy`, e.g. `pnpm run deploy -c login=off -c name=airline-test`.
 */
import { Command } from 'commander';
import { type CdkApp, cdkApps } from '../airline/cdk-apps.ts';
import { deployApp } from '../airline/deploy-app.ts';
import { exitCode, run } from '../cli/command.ts';

await run(
  new Command('pnpm run deploy')
    .description('Deploy all stacks to the account of your AWS profile, or to an emulator at AWS_ENDPOINT_URL.')
    .usage('[options of cdk deploy]')
    .argument('[options...]', 'go to `cdk deploy`, e.g. -c name=airline-test, --profile NAME, --require-approval never')
    .allowUnknownOption()
    .addHelpText(
      'after',
      '\nSay whether customers log in: -c login=off, or -c jwtIssuer=https://… -c jwtAudience=….\n' +
        'All options but --help go to `cdk deploy`. `pnpm --filter @airline/infra exec cdk deploy --help` lists them.\n' +
        'With `--require-approval never`, stacks are deployed at the same time, except those with routes.\n' +
        'One stack alone: `pnpm --filter @airline/seats run deploy`. infra/README.md explains the context values (-c).',
    )
    .action(async (given: string[]) => {
      const deployed = await deployAll(given.filter((option) => option !== '--'));
      if (!deployed) process.exitCode = exitCode.error;
    }),
);

/** @returns whether every app was deployed */
async function deployAll(options: readonly string[]): Promise<boolean> {
  const [platform, ...services] = cdkApps() as [CdkApp, ...CdkApp[]];
  if (!(await deployApp(platform, options, { alone: true }))) return false;
  // Without a question to answer for each stack, nobody needs to see one stack at a time.
  if (/--require-approval[ =]never/.test(options.join(' '))) {
    const deploy = (service: CdkApp): Promise<boolean> => deployApp(service, options, { alone: false });
    // API Gateway refuses changes of one API at the same time.
    const oneByOne = async (apps: readonly CdkApp[]): Promise<boolean[]> => {
      const results = [];
      for (const app of apps) results.push(await deploy(app));
      return results;
    };
    const results = await Promise.all([
      oneByOne(services.filter(({ hasRoutes }) => hasRoutes)),
      ...services.filter(({ hasRoutes }) => !hasRoutes).map(deploy),
    ]);
    return results.flat().every(Boolean);
  }
  for (const service of services) if (!(await deployApp(service, options, { alone: true }))) return false;
  return true;
}

import { App, Validations } from 'aws-cdk-lib';
import { isForEmulator, removeUnsupportedResources } from './emulator.ts';

/**
 * The app of every stack, less what emulators lack where it is for one. Its synthesis checks the policies (infra/src/policies) and fails on a finding that nobody explains, so
 * that no team deploys one. Where CDK_VALIDATION is false, as for `pnpm start` and in tests, it does not: loading cdk-nag takes
 * as long as loading the CDK. AIRLINE_POLICIES=check asks for these checks all the same, without the CDK's own, slower ones.
 */
export async function airlineApp(): Promise<App> {
  const app = new App();
  removeUnsupportedResources(app);
  // What an emulator cannot evaluate is allowed there at large; nothing of it goes to AWS.
  if (isForEmulator(app)) return app;
  if (process.env.CDK_VALIDATION !== 'false' || process.env.AIRLINE_POLICIES === 'check') {
    const { PolicyPlugin } = await import('./policies/policy-plugin.ts');
    Validations.of(app).addPlugins(new PolicyPlugin());
  }
  return app;
}

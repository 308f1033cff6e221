import { App, Validations } from 'aws-cdk-lib';
import { isForEmulator, removeUnsupportedResources } from './emulator.ts';

/**
 * The CDK app that holds a stack. Every stack of the airline is synthesized by one.
 *
 * Synthesis runs the policy checks of infra/src/policies and fails on a finding without a justification, so no team can
 * deploy one. The checks do not run:
 * - when CDK_VALIDATION is `false`, as in `pnpm start` and in tests: loading cdk-nag takes as long as loading the CDK.
 *   AIRLINE_POLICIES=check runs them nevertheless, without the CDK's own slower template rules.
 * - for an emulator (context value `emulator`). Such an app also lacks the resources that emulators do not support.
 */
export async function airlineApp(): Promise<App> {
  const app = new App();
  removeUnsupportedResources(app);
  // The emulator's permissions are wider on purpose (emulator.ts), and its templates never reach AWS.
  if (isForEmulator(app)) return app;
  if (process.env.CDK_VALIDATION !== 'false' || process.env.AIRLINE_POLICIES === 'check') {
    const { PolicyPlugin } = await import('./policies/policy-plugin.ts');
    Validations.of(app).addPlugins(new PolicyPlugin());
  }
  return app;
}

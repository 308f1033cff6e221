import { describe, expect, test } from '@jest/globals';
import { cdkApps } from '../../../airline/cdk-apps.ts';
import { refuseMistakes } from '../../../pipelines/refuse-mistakes.ts';
import { workflows } from '../../../pipelines/workflows.ts';

const all = workflows();
const deployments = all.filter(({ file }) => file.includes('/deploy-'));
const of = (service: string) => deployments.find(({ file }) => file.endsWith(`deploy-${service}.yml`))!.text;

describe('the workflows', () => {
  test('each app of the CDK has its own deployment, and the gates are one more', () => {
    expect(deployments).toHaveLength(cdkApps().length);
    expect(all).toHaveLength(deployments.length + 1);
    expect(all.find(({ file }) => file.endsWith('gates.yml'))!.text).toContain('bash .ci/run');
  });

  test('use actions by commit, and no stored key', () => {
    for (const { text } of all) {
      const used = [...text.matchAll(/uses: (\S+)/g)].map(([, action]) => action!);
      expect(used.length).toBeGreaterThan(0);
      for (const action of used) expect(action).toMatch(/^[\w-]+\/[\w-]+@[0-9a-f]{40}$/);
      expect(text).not.toMatch(/secrets\.|aws-access-key-id/);
    }
  });

  test('show the difference by a role that may only read, and deploy after that, one at a time, where it can be approved', () => {
    for (const { text } of deployments) {
      const [diff, deploy] = text.split('\n  deploy:\n') as [string, string];
      expect(diff).toMatch(/run diff/);
      expect(diff).toContain('AWS_DIFF_ROLE_ARN');
      expect(deploy).toMatch(/^ {4}needs: diff$/m);
      expect(deploy).toMatch(/^ {4}environment: production$/m);
      expect(deploy).toContain('AWS_DEPLOY_ROLE_ARN');
      expect(text).toMatch(/^permissions: \{\}$/m);
      expect(text).toMatch(/^ {2}cancel-in-progress: false$/m);
    }
  });

  test('a service is deployed when what it is built of changes, and not when another service does', () => {
    for (const path of [
      'packages/seats/src/**',
      'packages/messaging/src/**',
      'events-schemas/src/**',
      'infra/src/**',
      'pnpm-lock.yaml',
    ]) {
      expect(of('seats')).toContain(`- '${path}'`);
    }
    expect(of('seats')).not.toContain('packages/payments/');
    expect(of('platform')).not.toContain('packages/');
  });

  test('are valid', async () => {
    await refuseMistakes(all);
  });
});

test.each([
  ['a key that there is not', 'permissions: {}', 'permission: {}', 'unexpected key "permission"'],
  ['a job that there is not', 'needs: diff', 'needs: dif', 'needs job "dif"'],
  ['a context that there is not', 'vars.AWS_REGION', 'var.AWS_REGION', 'undefined variable "var"'],
])('%s is refused, by file and line', async (_, right, wrong, message) => {
  const broken = { file: 'deploy-seats.yml', text: of('seats').replace(right, wrong) };
  await expect(refuseMistakes([broken])).rejects.toThrow(new RegExp(`^deploy-seats\\.yml:\\d+:\\d+ .*${message}`));
});

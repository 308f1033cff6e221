import { beforeAll, expect, test } from '@jest/globals';
import type { Stack } from '@airline/local-cloud/cloudformation/cloud-assembly';
import path from 'node:path';
import { cdkApps } from '../../../../airline/cdk-apps.ts';
import { sharedTemplates } from '../../../support/shared-templates.ts';

let stacks: Stack[];
beforeAll(async () => {
  stacks = await sharedTemplates();
});

// `pnpm run deploy` deploys these one after another, since API Gateway refuses two changes of one API at a time.
test('the apps that are taken to have routes are those whose stacks have them', () => {
  const withRoutes = stacks
    .filter(({ template }) => Object.values(template.Resources).some(({ Type }) => Type === 'AWS::ApiGatewayV2::Route'))
    .map(({ name }) => name);
  const expected = cdkApps().filter(({ hasRoutes }) => hasRoutes);
  expect(withRoutes.sort()).toEqual(expected.map(({ name }) => `airline-${path.basename(name)}`));
  expect(expected).toHaveLength(3);
});

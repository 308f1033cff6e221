import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { CloudFormationClient, CreateStackCommand, waitUntilStackCreateComplete } from '@aws-sdk/client-cloudformation';
import { workspaceRoot } from '../../../cli/workspace.ts';
import type { AirlinePlace } from './airline-place.ts';

const repository = 'airline@1001/airline@2002';

/** The subjects that GitHub gives to the jobs of this repository's pipelines. */
export const subjects = {
  diff: `repo:${repository}:ref:refs/heads/main`,
  staging: `repo:${repository}:environment:staging`,
  production: `repo:${repository}:environment:production`,
} as const;

/** Makes the roles of infra/pipeline-roles.yaml in an account that has GitHub's OIDC provider already. */
export async function createPipelineRoles(clientConfig: AirlinePlace['clientConfig']): Promise<void> {
  const client = new CloudFormationClient(clientConfig);
  const StackName = 'airline-pipeline-roles';
  await client.send(
    new CreateStackCommand({
      StackName,
      TemplateBody: readFileSync(path.join(workspaceRoot, 'infra', 'pipeline-roles.yaml'), 'utf8'),
      Capabilities: ['CAPABILITY_NAMED_IAM'],
      Parameters: [
        { ParameterKey: 'Repository', ParameterValue: repository },
        { ParameterKey: 'CreateOidcProvider', ParameterValue: 'false' },
      ],
    }),
  );
  await waitUntilStackCreateComplete({ client, minDelay: 1, maxDelay: 1, maxWaitTime: 60 }, { StackName });
  client.destroy();
}

/**
 * The variables by which the SDK and the CDK assume a role with a token of GitHub. They hold no other credentials.
 * @param file gets the token
 */
export function pipelineEnvironment(
  role: keyof typeof subjects,
  file: string,
  { accountId, subject = subjects[role] }: { accountId: string; subject?: string },
): NodeJS.ProcessEnv {
  const claims = { iss: 'https://token.actions.githubusercontent.com', aud: 'sts.amazonaws.com', sub: subject };
  // The emulator reads the claims and checks no signature.
  const token = [{ alg: 'none' }, claims].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'));
  writeFileSync(file, `${token.join('.')}.`);
  return {
    AWS_ROLE_ARN: `arn:aws:iam::${accountId}:role/airline-pipeline-${role}`,
    AWS_ROLE_SESSION_NAME: 'pipeline',
    AWS_WEB_IDENTITY_TOKEN_FILE: file,
  };
}

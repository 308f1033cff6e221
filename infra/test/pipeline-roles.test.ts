import { describe, expect, test } from '@jest/globals';
import { DefaultStackSynthesizer } from 'aws-cdk-lib';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { parse } from 'yaml';

type Json = Record<string, unknown>;

interface Role {
  Properties: {
    RoleName: Json;
    AssumeRolePolicyDocument: { Statement: Json[] };
    Policies: {
      PolicyDocument: { Statement: { Effect: string; Action: string; Resource: { 'Fn::Sub': string }[] }[] };
    }[];
  };
}

interface PipelineTemplate {
  Parameters: Record<string, { AllowedPattern?: string }>;
  Resources: Record<string, { Type: string }>;
}

const template = parse(readFileSync(path.join(__dirname, '..', 'pipeline-roles.yaml'), 'utf8')) as PipelineTemplate;
const issuer = 'token.actions.githubusercontent.com';
const cdkRole = (arn: string): string => arn.replace('${Qualifier}', '${CdkQualifier}');
const smokeRole = (name: string): string => `arn:\${AWS::Partition}:iam::\${AWS::AccountId}:role/${name}-smoke`;
const lookup = cdkRole(DefaultStackSynthesizer.DEFAULT_LOOKUP_ROLE_ARN);
const deployment = [
  cdkRole(DefaultStackSynthesizer.DEFAULT_DEPLOY_ROLE_ARN),
  cdkRole(DefaultStackSynthesizer.DEFAULT_FILE_ASSET_PUBLISHING_ROLE_ARN),
  lookup,
];

const roles = Object.entries(template.Resources).filter(([, { Type }]) => Type === 'AWS::IAM::Role');

describe('the roles of the pipelines', () => {
  test('are three', () => {
    expect(roles.map(([name]) => name)).toEqual(['DiffRole', 'StagingRole', 'ProductionRole']);
  });

  test.each([
    ['DiffRole', 'ref:refs/heads/main', [lookup]],
    ['StagingRole', 'environment:staging', [...deployment, smokeRole('${AirlineName}-staging')]],
    ['ProductionRole', 'environment:production', [...deployment, smokeRole('${AirlineName}')]],
  ])('%s: only for %s of the repository, and only to assume these roles', (name, subject, assumable) => {
    const { AssumeRolePolicyDocument: trust, Policies } = (template.Resources[name] as unknown as Role).Properties;
    expect(trust.Statement).toEqual([
      {
        Effect: 'Allow',
        Principal: {
          Federated: { 'Fn::Sub': `arn:\${AWS::Partition}:iam::\${AWS::AccountId}:oidc-provider/${issuer}` },
        },
        Action: 'sts:AssumeRoleWithWebIdentity',
        Condition: {
          StringEquals: {
            [`${issuer}:aud`]: 'sts.amazonaws.com',
            [`${issuer}:sub`]: { 'Fn::Sub': `repo:\${Repository}:${subject}` },
          },
        },
      },
    ]);
    const statements = Policies.flatMap(({ PolicyDocument }) => PolicyDocument.Statement);
    expect(statements).toEqual([
      { Effect: 'Allow', Action: 'sts:AssumeRole', Resource: assumable.map((each) => ({ 'Fn::Sub': each })) },
    ]);
  });

  // Such a text would trust every repository of an owner, or a job that nobody approved.
  test.each([
    ['octo-org/octo-repo', true],
    ['octo-org@123456/octo.repo_2@456789', true],
    ['octo-org/*', false],
    ['octo-org', false],
    ['octo-org/octo-repo:environment:production', false],
  ])('the repository %s: %j', (repository, accepted) => {
    expect(new RegExp(`^(?:${template.Parameters.Repository!.AllowedPattern})$`).test(repository)).toBe(accepted);
  });
});

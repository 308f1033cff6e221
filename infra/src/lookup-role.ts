import { AssumeRoleCommand, GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';

/** The role of a stack in its cloud assembly by which the CDK reads what is deployed. `cdk bootstrap` made it. */
export interface LookupRole {
  /** With placeholders such as `${AWS::AccountId}` if the stack has no fixed account and region. */
  arn: string;
  assumeRoleExternalId?: string;
}

interface Credentials {
  accessKeyId: string;
  secretAccessKey: string;
  sessionToken: string;
}

/**
 * Client configuration with the credentials of a lookup role. Who deploys may assume the CDK's roles, but need not be
 * allowed to read anything.
 *
 * Like the CDK it warns and goes on with the caller's own credentials if the role cannot be assumed:
 * https://github.com/aws/aws-cdk-cli/blob/main/packages/@aws-cdk/toolkit-lib/lib/api/aws-auth/sdk-provider.ts
 *
 * @param role undefined if the stack has none
 * @param warn gets a sentence for the user
 * @returns without credentials if the client shall use the caller's own
 * @throws if the caller has no credentials, or they have expired
 */
export async function assumeLookupRole(
  role: LookupRole | undefined,
  warn: (message: string) => void,
): Promise<{ credentials?: Credentials }> {
  if (role === undefined) return {};
  const sts = new STSClient();
  try {
    const { Account, Arn = '' } = await sts.send(new GetCallerIdentityCommand());
    const values: Record<string, string | undefined> = {
      'AWS::Partition': Arn.split(':')[1],
      'AWS::AccountId': Account,
      'AWS::Region': await sts.config.region(),
    };
    const RoleArn = role.arn.replace(/\$\{([^}]*)\}/g, (placeholder, name: string) => values[name] ?? placeholder);
    try {
      const { Credentials: given } = await sts.send(
        new AssumeRoleCommand({ RoleArn, RoleSessionName: 'airline-deploy', ExternalId: role.assumeRoleExternalId }),
      );
      const { AccessKeyId, SecretAccessKey, SessionToken } = given!;
      return {
        credentials: {
          accessKeyId: AccessKeyId!,
          secretAccessKey: SecretAccessKey!,
          sessionToken: SessionToken!,
        },
      };
    } catch (error) {
      warn(
        `Could not assume ${RoleArn} (${(error as Error).message}). Looking with the credentials of ${Arn} instead.`,
      );
      return {};
    }
  } finally {
    sts.destroy();
  }
}

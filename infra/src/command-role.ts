import { Stack } from 'aws-cdk-lib';
import { AccountRootPrincipal, Effect, PolicyStatement, Role } from 'aws-cdk-lib/aws-iam';
import type { Construct } from 'constructs';
import { parameterName, serviceName } from './names.ts';
import { justify } from './policies/justify.ts';
import { isWide, textOf } from './policies/synthesized-stack.ts';

export interface Permission {
  actions: string[];
  /** ARNs of resources of this airline. */
  resources: string[];
  /** Why a resource has a wildcard, or is not only this airline's: a sentence. The policy checks demand it. */
  wide?: string;
}

export interface CommandRoleProps {
  /** The role's name after the airline's, e.g. `reader` for `airline-reader`. */
  name: string;
  description: string;
  /** The only secret parameters that the role may read, by their path below the airline's name. */
  secrets: string[];
  permissions: Permission[];
}

/**
 * A role with which people, or a pipeline, run the commands of this project. It trusts its account: whom IAM allows
 * `sts:AssumeRole` on it may assume it. It has a fixed name, because people type it into a profile. IAM's names belong
 * to the account, so two regions of one account need two names of the airline.
 *
 * Every command may read the airline's parameters. SSM authorizes that by the path, not by the parameters, so the other
 * secrets below the path are denied by their encryption context:
 * - https://docs.aws.amazon.com/systems-manager/latest/userguide/ps-retrieval-authorization.html
 * - https://docs.aws.amazon.com/systems-manager/latest/userguide/secure-string-parameter-kms-encryption.html
 */
export class CommandRole extends Role {
  constructor(scope: Construct, id: string, { name, description, secrets, permissions }: CommandRoleProps) {
    super(scope, id, {
      roleName: serviceName(scope, name),
      description,
      assumedBy: new AccountRootPrincipal(),
    });
    const stack = Stack.of(this);
    const arnOf = (...path: string[]): string =>
      stack.formatArn({ service: 'ssm', resource: 'parameter', resourceName: parameterName(this, ...path).slice(1) });
    const readable = secrets.map((secret) => arnOf(...secret.split('/')));

    this.#allow({ actions: ['ssm:GetParametersByPath'], resources: [arnOf()] });
    if (readable.length > 0) this.#allow({ actions: ['ssm:GetParameter'], resources: readable });
    const parameter = 'kms:EncryptionContext:PARAMETER_ARN';
    this.addToPolicy(
      new PolicyStatement({
        effect: Effect.DENY,
        actions: ['kms:Decrypt'],
        resources: ['*'],
        conditions: {
          Null: { [parameter]: 'false' },
          ...(readable.length > 0 && { StringNotEquals: { [parameter]: readable } }),
        },
      }),
    );
    for (const permission of permissions) this.#allow(permission);
  }

  #allow({ actions, resources, wide }: Permission): void {
    this.addToPolicy(new PolicyStatement({ actions, resources }));
    if (wide === undefined) return;
    for (const resource of resources.map((each) => textOf(Stack.of(this).resolve(each))).filter(isWide)) {
      for (const action of actions) justify(this, `wide ${action} ${resource}`, wide);
      justify(this, `AwsSolutions-IAM5[Resource::${resource.replaceAll(/\$\{([^}]*)\}/g, '<$1>')}]`, wide);
    }
  }
}

import type { Template } from 'aws-cdk-lib/assertions';

export interface Statement {
  Action: string | string[];
  Resource: unknown;
  Condition?: unknown;
}

/**
 * What the roles of a stack may do with a service of AWS, such as `dynamodb`: statements with an action of it, or with
 * every action.
 * @param policyId which policies, by logical id. @default all
 */
export function statementsOn(template: Template, service: string, policyId = /./): Statement[] {
  return Object.entries(template.findResources('AWS::IAM::Policy'))
    .filter(([id]) => policyId.test(id))
    .flatMap(
      ([, policy]) => (policy.Properties as { PolicyDocument: { Statement: Statement[] } }).PolicyDocument.Statement,
    )
    .filter(({ Action }) => [Action].flat().some((action) => action === '*' || action.startsWith(`${service}:`)));
}

import { Stack } from 'aws-cdk-lib';
import { PolicyStatement, type PolicyStatementProps } from 'aws-cdk-lib/aws-iam';
import type { Function } from 'aws-cdk-lib/aws-lambda';
import type { IConstruct } from 'constructs';
import type { Justification } from './finding.ts';
import { textOf } from './synthesized-stack.ts';

const metadataType = 'airline:justification';

/**
 * Says in words why a finding of the policy checks is right as it is, for this construct and those in it.
 * @param id the finding's id, word for word: what stands after `Finding:` in its message
 */
export function justify(construct: IConstruct, id: string, why: string): void {
  construct.node.addMetadata(metadataType, { id, why });
}

/** Lets a function do what is not done to its own stack's table, queues or logs, and says why it must. */
export function allowBecause(
  grantee: Function,
  statement: PolicyStatementProps & { actions: string[]; resources: string[] },
  why: string,
): void {
  grantee.addToRolePolicy(new PolicyStatement(statement));
  for (const action of statement.actions) {
    for (const resource of statement.resources) {
      justify(grantee.role!, `foreign ${action} ${textOf(Stack.of(grantee).resolve(resource))}`, why);
    }
  }
}

/** Every justification in a tree of constructs. */
export function justificationsIn(root: IConstruct): Justification[] {
  return root.node
    .findAll()
    .flatMap(({ node }) =>
      node.metadata
        .filter(({ type }) => type === metadataType)
        .map(({ data }) => ({ ...(data as Pick<Justification, 'id' | 'why'>), path: node.path })),
    );
}

import { Stack } from 'aws-cdk-lib';
import { PolicyStatement, type PolicyStatementProps } from 'aws-cdk-lib/aws-iam';
import type { Function } from 'aws-cdk-lib/aws-lambda';
import type { IConstruct } from 'constructs';
import type { Justification } from './finding.ts';
import { textOf } from './synthesized-stack.ts';

const metadataType = 'airline:justification';

/**
 * Records why a finding of the policy checks is acceptable, for this construct and the constructs inside it.
 * @param id the finding's id, copied from its message, where it follows `Finding:`
 * @param why a sentence of at least five words
 */
export function justify(construct: IConstruct, id: string, why: string): void {
  construct.node.addMetadata(metadataType, { id, why });
}

/**
 * Grants a function a permission on resources other than its own stack's table, queues and logs, with the reason.
 * @param why a sentence of at least five words
 */
export function grantJustified(
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

/** Every justification in the tree of constructs below `root`. */
export function justificationsIn(root: IConstruct): Justification[] {
  return root.node
    .findAll()
    .flatMap(({ node }) =>
      node.metadata
        .filter(({ type }) => type === metadataType)
        .map(({ data }) => ({ ...(data as Pick<Justification, 'id' | 'why'>), path: node.path })),
    );
}

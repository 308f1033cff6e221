import type { Finding } from './finding.ts';
import type { SynthesizedStack } from './synthesized-stack.ts';

/** The types that hold what cannot be created again: records, messages, events, and the keys that decrypt them. */
const keptTypes = ['AWS::DynamoDB::Table', 'AWS::SQS::Queue', 'AWS::Events::Archive', 'AWS::KMS::Key'];

/**
 * Checks that no deployment and no removal of a stack deletes data: stores are retained, tables have deletion
 * protection, and the stack of the bus has termination protection. cdk-nag checks point-in-time recovery
 * (AwsSolutions-DDB3).
 */
export function checkDeletion(stack: SynthesizedStack): Finding[] {
  const notKept = stack
    .resources(...keptTypes)
    .filter(([logicalId]) => !stack.isRetained(logicalId))
    .map(([logicalId, , type]) =>
      stack.finding(logicalId, {
        id: 'not-retained',
        problem: `the ${type} is deleted with what it holds when it leaves the stack, or when a deployment replaces it`,
        remedy: 'give it removalPolicy: RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE',
      }),
    );
  const unprotectedTables = stack
    .resources('AWS::DynamoDB::Table')
    .filter(([, { DeletionProtectionEnabled }]) => DeletionProtectionEnabled !== true)
    .map(([logicalId]) =>
      stack.finding(logicalId, {
        id: 'deletable',
        problem: 'one call deletes the table, and its point-in-time recovery with it',
        remedy: 'create it as a ServiceTable, or with deletionProtection: true',
      }),
    );
  const unprotectedStacks = stack.isTerminationProtected
    ? []
    : stack.resources('AWS::Events::EventBus').map(([logicalId]) =>
        stack.finding(logicalId, {
          id: 'removable-stack',
          problem: `every service needs this bus, and one command removes the stack ${stack.name}`,
          remedy: 'create the stack with terminationProtection: true',
        }),
      );
  return [...notKept, ...unprotectedTables, ...unprotectedStacks];
}

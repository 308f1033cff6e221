import { checkDelivery } from './check-delivery.ts';
import { checkEncryption } from './check-encryption.ts';
import { checkFrontDoor } from './check-front-door.ts';
import { checkResourcePolicies } from './check-resource-policies.ts';
import { checkRoles } from './check-roles.ts';
import type { Finding } from './finding.ts';
import type { SynthesizedStack } from './synthesized-stack.ts';

/** All that the project's own checks find in a template. Each finding is told once, however many statements repeat it. */
export function checkStack(stack: SynthesizedStack): Finding[] {
  const findings = [checkRoles, checkResourcePolicies, checkDelivery, checkEncryption, checkFrontDoor].flatMap(
    (check) => check(stack),
  );
  const told = new Map(findings.map((finding) => [JSON.stringify([finding.id, finding.logicalId]), finding]));
  return [...told.values()];
}

import { checkAlarms } from './check-alarms.ts';
import { checkDeletion } from './check-deletion.ts';
import { checkDelivery } from './check-delivery.ts';
import { checkEncryption } from './check-encryption.ts';
import { checkFrontDoor } from './check-front-door.ts';
import { checkResourcePolicies } from './check-resource-policies.ts';
import { checkRoles } from './check-roles.ts';
import type { Finding } from './finding.ts';
import type { SynthesizedStack } from './synthesized-stack.ts';

/** Runs all the project's own checks on a template. Several statements can cause one finding; it is returned once. */
export function checkStack(stack: SynthesizedStack): Finding[] {
  const findings = [
    checkRoles,
    checkResourcePolicies,
    checkDelivery,
    checkEncryption,
    checkFrontDoor,
    checkAlarms,
    checkDeletion,
  ].flatMap((check) => check(stack));
  const unique = new Map(findings.map((finding) => [JSON.stringify([finding.id, finding.logicalId]), finding]));
  return [...unique.values()];
}

import type { Stack } from '@airline/local-cloud/cloudformation/cloud-assembly';
import { synthesizeTemplates } from '../../contracts/synthesize-templates.ts';

let stacks: Promise<Stack[]> | undefined;

/** The templates of all stacks, synthesized once for all suites in this test file. */
export function sharedTemplates(): Promise<Stack[]> {
  return (stacks ??= synthesizeTemplates());
}

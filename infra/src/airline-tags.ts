import { type Stack, Tags } from 'aws-cdk-lib';
import { airlineName, stageOf } from './names.ts';

/** Tags every resource of a service's stack. Activated as cost allocation tags, they split the bill. */
export function addAirlineTags(stack: Stack, service: string): void {
  const tags = { 'airline:name': airlineName(stack), 'airline:stage': stageOf(stack), 'airline:service': service };
  for (const [key, value] of Object.entries(tags)) Tags.of(stack).add(key, value);
}

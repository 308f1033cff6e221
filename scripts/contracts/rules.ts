import type { Stack, TemplateResource } from '@airline/local-cloud/cloudformation/cloud-assembly';
import { matchesEventPattern } from '@airline/local-cloud/event-bridge/event-pattern';

/** A rule of a synthesized template that listens for events. */
export interface EventRule {
  stack: string;
  /** Its logical id and what it says of itself. */
  name: string;
  pattern: Record<string, unknown>;
  /** As the template names it; `undefined` is the account's default bus. */
  bus: unknown;
  /** Whether it hands events to a queue of its stack: that is how a service hears. */
  hasQueue: boolean;
}

/** The rules of stacks. Those that wait for a time, or for what AWS itself says, are none of the contract's business. */
export function rulesOf(stacks: readonly Stack[]): EventRule[] {
  return stacks.flatMap(({ name: stack, template: { Resources } }) =>
    Object.entries(Resources).flatMap(([logicalId, { Type, Properties = {} }]) => {
      if (Type !== 'AWS::Events::Rule' || Properties.EventPattern === undefined) return [];
      const pattern = Properties.EventPattern as Record<string, unknown>;
      if (isOfAws(pattern)) return [];
      const description = Properties.Description === undefined ? '' : ` (${Properties.Description as string})`;
      return [
        {
          stack,
          name: `${logicalId}${description}`,
          pattern,
          bus: Properties.EventBusName,
          hasQueue: targetsOf(Properties).some((target) => Resources[target]?.Type === 'AWS::SQS::Queue'),
        },
      ];
    }),
  );
}

/** Names of the stacks whose rules put an event into one of their queues. */
export function stacksThatHear(rules: readonly EventRule[], event: object): string[] {
  const hearing = rules.filter(({ pattern, hasQueue }) => hasQueue && matchesEventPattern(pattern, event));
  return [...new Set(hearing.map(({ stack }) => stack))].sort();
}

function isOfAws({ source }: Record<string, unknown>): boolean {
  return Array.isArray(source) && source.every((name) => typeof name === 'string' && name.startsWith('aws.'));
}

/** Logical ids of targets in the rule's own stack. */
function targetsOf(properties: NonNullable<TemplateResource['Properties']>): string[] {
  const targets = (properties.Targets ?? []) as { Arn?: { 'Fn::GetAtt'?: [string, string] } }[];
  return targets.flatMap(({ Arn }) => (Arn?.['Fn::GetAtt'] ? [Arn['Fn::GetAtt'][0]] : []));
}

import type { Stack, TemplateResource } from '@airline/local-cloud/cloudformation/cloud-assembly';
import { matchesEventPattern } from '@airline/local-cloud/event-bridge/event-pattern';

/** A rule of a synthesized template with an event pattern. */
export interface EventRule {
  stack: string;
  /** Its logical id, and its description in parentheses. */
  name: string;
  pattern: Record<string, unknown>;
  /** The template's EventBusName; `undefined` means the account's default bus. */
  bus: unknown;
  /** Whether a target is a queue of its stack, which is how a service receives events. */
  hasQueue: boolean;
}

/** The rules of stacks, without schedules and without rules for events of AWS itself. */
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

/** The names of the stacks whose rules deliver an event to a queue. */
export function stacksThatHear(rules: readonly EventRule[], event: object): string[] {
  const hearing = rules.filter(({ pattern, hasQueue }) => hasQueue && matchesEventPattern(pattern, event));
  return [...new Set(hearing.map(({ stack }) => stack))].sort();
}

function isOfAws({ source }: Record<string, unknown>): boolean {
  return Array.isArray(source) && source.every((name) => typeof name === 'string' && name.startsWith('aws.'));
}

/** The logical ids of the rule's targets in its own stack. */
function targetsOf(properties: NonNullable<TemplateResource['Properties']>): string[] {
  const targets = (properties.Targets ?? []) as { Arn?: { 'Fn::GetAtt'?: [string, string] } }[];
  return targets.flatMap(({ Arn }) => (Arn?.['Fn::GetAtt'] ? [Arn['Fn::GetAtt'][0]] : []));
}

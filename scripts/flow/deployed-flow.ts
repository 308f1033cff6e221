import { CloudFormationClient, GetTemplateCommand } from '@aws-sdk/client-cloudformation';
import { ListRulesCommand, type Rule } from '@aws-sdk/client-eventbridge';
import { isObject } from '@airline/events-schemas/is-object';
import type { Template } from '@airline/local-cloud/cloudformation/cloud-assembly';
import type { Target } from '../airline/target.ts';
import { UsageError } from '../cli/usage-error.ts';
import type { Flow, FlowRule } from './flow.ts';
import { flowOfTemplates, type Knowledge, type NamedTemplate, withRules } from './flow-of-templates.ts';

export interface DeployedFlow {
  /** Its rules are those of the bus. */
  flow: Flow;
  /** How the bus differs from the stacks' templates, each as a sentence. */
  changedByHand: string[];
}

/**
 * The flow of a running airline: the templates that its stacks were deployed with, and the rules that its bus has now.
 * @throws UsageError when there is no such airline, or a stack has no template
 */
export async function deployedFlow(target: Target, knowledge: Knowledge): Promise<DeployedFlow> {
  const parameters = await target.parameters();
  // Every service's stack writes where its queue is.
  const services = [...parameters.keys()].flatMap((name) => /^([^/]+)\/queue-url$/.exec(name)?.[1] ?? []).sort();
  const client = new CloudFormationClient(target.clientConfig);
  const stacks = await Promise.all(
    ['platform', ...services].map((service) => deployedTemplate(client, `${target.airline}-${service}`)),
  );
  const flow = flowOfTemplates(stacks, knowledge);
  const live = await rulesOnBus(target, parameters.get('bus/name')!);
  return {
    flow: withRules(flow, ({ rules }) => rules.flatMap((rule) => asOnBus(rule, live)), knowledge),
    changedByHand: differencesOfBus(flow, live),
  };
}

async function deployedTemplate(client: CloudFormationClient, name: string): Promise<NamedTemplate> {
  const { TemplateBody } = await client
    .send(new GetTemplateCommand({ StackName: name, TemplateStage: 'Original' }))
    .catch((error: unknown) => {
      const why = error instanceof Error ? error.message : String(error);
      throw new UsageError(`CloudFormation does not give the template of the stack ${name}: ${why}`, { cause: error });
    });
  const template = parse(TemplateBody);
  if (!isObject(template) || !isObject(template.Resources))
    throw new UsageError(`The stack ${name} was not deployed by this project: its template is no JSON with Resources.`);
  return { name, template: template as unknown as Template };
}

function parse(text = ''): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

async function rulesOnBus({ eventBridge }: Target, bus: string): Promise<Rule[]> {
  const found: Rule[] = [];
  let NextToken: string | undefined;
  do {
    const page = await eventBridge.send(
      new ListRulesCommand({ EventBusName: bus, ...(NextToken !== undefined && { NextToken }) }),
    );
    found.push(...(page.Rules ?? []));
    NextToken = page.NextToken;
  } while (NextToken !== undefined);
  // The archive has a rule of its own, which AWS manages.
  return found.filter(({ ManagedBy }) => ManagedBy === undefined);
}

/** The rule as the bus has it, or nothing if it delivers nothing. */
function asOnBus(rule: FlowRule, live: readonly Rule[]): FlowRule[] {
  const found = live.find(({ Name }) => Name === rule.name);
  if (!found || found.State === 'DISABLED') return [];
  return [{ ...rule, pattern: (parse(found.EventPattern) ?? rule.pattern) as FlowRule['pattern'] }];
}

function differencesOfBus({ services, bus }: Flow, live: readonly Rule[]): string[] {
  const rules = services.flatMap((service) => service.rules.map((rule) => ({ ...rule, stack: service.stack })));
  const again = (stack: string): string => `Deploy ${stack} again, or restore the rule by hand.`;
  return [
    ...rules.flatMap(({ name, pattern, stack }) => {
      const found = live.find(({ Name }) => Name === name);
      if (!found) return [`The bus ${bus} has no rule ${name}, which ${stack} created. ${again(stack)}`];
      if (found.State === 'DISABLED')
        return [
          `The rule ${name} is disabled. Enable it: aws events enable-rule --name ${name} --event-bus-name ${bus}`,
        ];
      if (sameJson(parse(found.EventPattern), pattern)) return [];
      return [
        `The rule ${name} has another pattern than ${stack} gave it: ${found.EventPattern ?? 'none'}. ${again(stack)}`,
      ];
    }),
    ...live
      .filter(({ Name }) => !rules.some(({ name }) => name === Name))
      .map(({ Name }) => `The rule ${Name} of the bus ${bus} belongs to no stack of this airline.`),
  ];
}

/** Whether two JSON values are equal, whatever the order of their names. */
function sameJson(a: unknown, b: unknown): boolean {
  const sorted = (_: string, value: unknown): unknown =>
    isObject(value) ? Object.fromEntries(Object.entries(value).sort(([x], [y]) => (x < y ? -1 : 1))) : value;
  return JSON.stringify(a, sorted) === JSON.stringify(b, sorted);
}

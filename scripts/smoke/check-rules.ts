import {
  ListRulesCommand,
  ListTargetsByRuleCommand,
  type Rule,
  type Target as RuleTarget,
} from '@aws-sdk/client-eventbridge';
import { GetQueueAttributesCommand } from '@aws-sdk/client-sqs';
import type { Target } from '../airline/target.ts';
import { counted } from '../cli/format.ts';
import type { SubscriptionsOfServices } from '../protocol/subscriptions.ts';
import { type Check, Skipped, Unmet } from './check.ts';

interface ExpectedRule {
  service: string;
  name: string;
}

/** Every subscription of every service has its rule, which is enabled and delivers to the service's queue. */
export function checkRules(target: Target, subscriptions: SubscriptionsOfServices): Check {
  return {
    name: 'rules',
    expected: 'every rule is enabled and delivers to the queue of its service, with a dead-letter queue',
    next: '`pnpm --filter @airline/SERVICE run deploy`; runbook, "A service\'s stack was removed"',
    async run() {
      const busName = (await target.parameters()).get('bus/name')!;
      const rules = await listRules(target, busName);
      const expected = expectedRules(target.airline, subscriptions);
      const mistakes: string[] = [];
      for (const { service, name } of expected) {
        const rule = rules.find(({ Name }) => Name === name);
        const targets = rule ? await listTargets(target, busName, name) : [];
        const mistake = mistakeOf(rule, targets, `${target.airline}-${service}`);
        if (mistake) mistakes.push(`${name} ${mistake}`);
      }
      if (mistakes.length > 0) throw new Unmet(mistakes.join('; '));
      return `${counted(expected.length, 'rule')} enabled, each with its queue`;
    },
  };
}

/** The rules' names, as `EventConsumer` makes them of the subscriptions. */
export function expectedRules(airline: string, subscriptions: SubscriptionsOfServices): ExpectedRule[] {
  return Object.entries(subscriptions).flatMap(([service, rules]) =>
    Object.keys(rules).map((id) => ({
      service,
      name: `${airline}-${service}-${id.replaceAll(/(?!^)[A-Z]/g, '-$&').toLowerCase()}`,
    })),
  );
}

async function listRules(target: Target, EventBusName: string): Promise<Rule[]> {
  const rules: Rule[] = [];
  let NextToken: string | undefined;
  do {
    const page = await target.eventBridge.send(new ListRulesCommand({ EventBusName, ...(NextToken && { NextToken }) }));
    rules.push(...(page.Rules ?? []));
    NextToken = page.NextToken;
  } while (NextToken);
  return rules;
}

async function listTargets(target: Target, EventBusName: string, Rule: string): Promise<RuleTarget[]> {
  return (await target.eventBridge.send(new ListTargetsByRuleCommand({ EventBusName, Rule }))).Targets ?? [];
}

function mistakeOf(rule: Rule | undefined, targets: readonly RuleTarget[], queue: string): string | undefined {
  if (!rule) return 'does not exist';
  if (rule.State !== 'ENABLED') return `is ${rule.State ?? 'in no state'}`;
  const delivering = targets.find(({ Arn }) => Arn?.endsWith(`:${queue}`));
  if (!delivering) return `does not deliver to the queue ${queue}`;
  if (!delivering.DeadLetterConfig?.Arn?.endsWith(`:${queue}-undelivered`)) return 'has no dead-letter queue';
  return undefined;
}

/** The policies of both queues admit every rule of the service. */
export function checkQueuePolicies(target: Target, subscriptions: SubscriptionsOfServices): Check {
  return {
    name: 'policies',
    expected: "the policies of each service's queue and of its queue of undelivered events admit its rules",
    next: '`pnpm --filter @airline/SERVICE run deploy`; runbook, "Events were lost"',
    async run() {
      if (target.endpoint !== undefined) throw new Skipped('the local cloud checks no permissions');
      const parameters = await target.parameters();
      const rules = expectedRules(target.airline, subscriptions);
      const mistakes: string[] = [];
      for (const service of Object.keys(subscriptions)) {
        for (const path of ['queue-url', 'undelivered-url']) {
          const QueueUrl = parameters.get(`${service}/${path}`);
          if (QueueUrl === undefined) {
            mistakes.push(`the parameter /${target.airline}/${service}/${path} is missing`);
            continue;
          }
          const { Attributes } = await target.sqs.send(
            new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['Policy'] }),
          );
          const refused = rules.filter(
            (rule) => rule.service === service && !admitsRule(Attributes?.Policy, rule.name),
          );
          if (refused.length > 0)
            mistakes.push(`${nameIn(QueueUrl)} does not admit ${refused.map(({ name }) => name).join(', ')}`);
        }
      }
      if (mistakes.length > 0) throw new Unmet(mistakes.join('; '));
      return `${counted(rules.length, 'rule')} admitted by both queues`;
    },
  };
}

interface Statement {
  Effect?: string;
  Principal?: { Service?: string | string[] };
  Action?: string | string[];
  Condition?: Record<string, Record<string, string | string[]>>;
}

/** Whether a queue's policy lets EventBridge send for this rule, in the form in which `EventConsumer` writes it. */
function admitsRule(policy: string | undefined, ruleName: string): boolean {
  if (!policy) return false;
  const { Statement = [] } = JSON.parse(policy) as { Statement?: Statement | Statement[] };
  return [Statement].flat().some(({ Effect, Principal, Action, Condition = {} }) => {
    const sources = Object.values(Condition).flatMap((keys) =>
      Object.entries(keys).flatMap(([key, value]) => (key.toLowerCase() === 'aws:sourcearn' ? [value].flat() : [])),
    );
    return (
      Effect === 'Allow' &&
      [Principal?.Service].flat().includes('events.amazonaws.com') &&
      [Action].flat().some((action) => action?.toLowerCase() === 'sqs:sendmessage') &&
      sources.some((arn) => isMatch(nameIn(arn), ruleName))
    );
  });
}

/** @param pattern a name in which `*` stands for any text, as in `ArnLike` */
function isMatch(pattern: string, name: string): boolean {
  const parts = pattern.split('*').map((part) => part.replaceAll(/[.?+^$[\]\\(){}|]/g, '\\$&'));
  return new RegExp(`^${parts.join('.*')}$`).test(name);
}

function nameIn(url: string): string {
  return url.slice(url.lastIndexOf('/') + 1);
}

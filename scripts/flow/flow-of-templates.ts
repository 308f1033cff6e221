import type { Contract, EventContract } from '@airline/events-schemas/compatibility/contract';
import type { Readers } from '@airline/events-schemas/compatibility/releases';
import { eventPatternOf } from '@airline/events-schemas/subscriptions';
import type { Template, TemplateResource } from '@airline/local-cloud/cloudformation/cloud-assembly';
import { matchesEventPattern } from '@airline/local-cloud/event-bridge/event-pattern';
import type { Flow, FlowEvent, FlowQueue, FlowRule, FlowService, FlowTimer } from './flow.ts';
import type { SubscriptionsOfServices } from '../protocol/subscriptions.ts';

/** A deployed or synthesized stack. */
export interface NamedTemplate {
  name: string;
  template: Pick<Template, 'Resources'>;
}

/** What the repository knows about events: what is not in a template. */
export interface Knowledge {
  contract: Contract;
  readers: Readers;
  /** The golden `detail` of each event, by file name, e.g. `SeatBooked.v1`. */
  examples: ReadonlyMap<string, unknown>;
  /** Only for the words of a narrowed rule. */
  subscriptions: SubscriptionsOfServices;
}

/**
 * The flow of stacks. The stack with the event bus is the platform; every other one is a service.
 * @throws Error when no stack has an event bus
 */
export function flowOfTemplates(stacks: readonly NamedTemplate[], knowledge: Knowledge): Flow {
  const platform = stacks.find(({ template }) => ofType(template, 'AWS::Events::EventBus').length > 0);
  if (!platform) throw new Error(`None of the stacks ${stacks.map(({ name }) => name).join(', ')} has an event bus.`);
  const airline = platform.name.replace(/-platform$/, '');
  const bus = textOf(ofType(platform.template, 'AWS::Events::EventBus')[0]![1].Properties?.Name);
  const services = stacks
    .filter((stack) => stack !== platform)
    .map(({ name: stack, template }) => serviceOfTemplate(stack, airline, template, knowledge));
  const events = [...knowledge.contract].map(([file, event]) => eventOf(file, event, services, knowledge));
  const ordered = inOrderOfFlow(events, services);
  const order = new Map(ordered.map(({ owner }, index) => [owner, index]));
  services.sort((a, b) => (order.get(a.name) ?? Infinity) - (order.get(b.name) ?? Infinity) || compare(a.name, b.name));
  return { airline, bus, services, events: withHearers(ordered, services) };
}

/** The same flow with other rules: which events it hears follows from their patterns. */
export function withRules(flow: Flow, rulesOf: (service: FlowService) => FlowRule[], knowledge: Knowledge): Flow {
  const services = flow.services.map((service) => ({
    ...service,
    rules: rulesOf(service).map((rule) => ({ ...rule, ...heard(service.name, rule.pattern, knowledge) })),
  }));
  return { ...flow, services, events: withHearers(flow.events, services) };
}

type Entry = readonly [id: string, resource: TemplateResource];

function ofType({ Resources }: Pick<Template, 'Resources'>, type: string): Entry[] {
  return Object.entries(Resources).filter(([, { Type }]) => Type === type);
}

function serviceOfTemplate(
  stack: string,
  airline: string,
  template: Pick<Template, 'Resources'>,
  knowledge: Knowledge,
): FlowService {
  const service = stack.startsWith(`${airline}-`) ? stack.slice(airline.length + 1) : stack;
  const all = (type: string): Entry[] => ofType(template, type);
  const nameOf = (id: string, property: string): string => textOf(template.Resources[id]?.Properties?.[property] ?? id);
  const functionOf = (value: unknown): string => nameOf(resourceIn(value), 'FunctionName');
  const queueOf = (value: unknown): string => nameOf(resourceIn(value), 'QueueName');
  const isOf = (value: unknown, type: string): boolean => template.Resources[resourceIn(value)]?.Type === type;

  const grants = grantsOf(template);
  const readers = new Map(
    all('AWS::Lambda::EventSourceMapping').map(([, { Properties = {} }]) => [
      queueOf(Properties.EventSourceArn),
      functionOf(Properties.FunctionName),
    ]),
  );
  const rules = all('AWS::Events::Rule').map(([id, { Properties = {} }]) => {
    const targets = (Properties.Targets ?? []) as { Arn?: unknown; DeadLetterConfig?: { Arn?: unknown } }[];
    return { id, properties: Properties, targets };
  });
  const says = grants
    .filter(({ action }) => action === 'events:PutEvents')
    .flatMap(({ condition }) => {
      // An emulator cannot evaluate the limit, so there a role may publish anything. Then it says what its service
      // owns.
      if (condition['events:detail-type'] !== undefined) return list(condition['events:detail-type']);
      return [...knowledge.contract.values()]
        .filter(({ source }) => source === `airline.${service}`)
        .map(({ detailType }) => detailType);
    });
  const timers: FlowTimer[] = [
    ...grants.flatMap(({ action, role, resource }): FlowTimer[] => {
      if (action !== 'sqs:SendMessage' || !isOf(resource, 'AWS::SQS::Queue')) return [];
      const queue = queueOf(resource);
      const sender = functionWithRole(template, role);
      const isReader = sender !== undefined && readers.get(queue) === nameOf(sender, 'FunctionName');
      return isReader ? [{ kind: 'message to itself', function: readers.get(queue)!, queue }] : [];
    }),
    ...rules.flatMap(({ id, properties, targets }): FlowTimer[] => {
      const target = targets.find(({ Arn }) => isOf(Arn, 'AWS::Lambda::Function'));
      if (properties.ScheduleExpression === undefined || !target) return [];
      const expression = textOf(properties.ScheduleExpression);
      return [{ kind: 'schedule', rule: nameOf(id, 'Name'), expression, function: functionOf(target.Arn) }];
    }),
  ];
  return {
    name: service,
    stack,
    says: [...new Set(says)],
    rules: rules.flatMap(({ id, properties, targets }): FlowRule[] => {
      const pattern = properties.EventPattern as Record<string, unknown> | undefined;
      const target = targets.find(({ Arn }) => isOf(Arn, 'AWS::SQS::Queue'));
      if (pattern === undefined || !target) return [];
      const undelivered = target.DeadLetterConfig?.Arn;
      return [
        {
          name: nameOf(id, 'Name'),
          pattern,
          ...heard(service, pattern, knowledge),
          queue: queueOf(target.Arn),
          ...(undelivered !== undefined && { undelivered: queueOf(undelivered) }),
        },
      ];
    }),
    queues: readFirst(
      all('AWS::SQS::Queue').map(([id, { Properties = {} }]) => {
        const name = nameOf(id, 'QueueName');
        const redrive = Properties.RedrivePolicy as
          { deadLetterTargetArn: unknown; maxReceiveCount: number } | undefined;
        const reader = readers.get(name);
        return {
          name,
          // SQS's own defaults.
          visibilityTimeout: Number(Properties.VisibilityTimeout ?? 30),
          retention: Number(Properties.MessageRetentionPeriod ?? 345_600),
          ...(redrive && {
            deadLetters: { name: queueOf(redrive.deadLetterTargetArn), maxReceiveCount: redrive.maxReceiveCount },
          }),
          ...(reader !== undefined && { reader }),
        };
      }),
    ),
    timers,
    routes: all('AWS::ApiGatewayV2::Route').map(([, { Properties = {} }]) => {
      const integration = template.Resources[resourceIn(Properties.Target)]?.Properties ?? {};
      return { route: textOf(Properties.RouteKey), function: functionOf(integration.IntegrationUri) };
    }),
    tables: all('AWS::DynamoDB::Table').map(([id, { Properties = {} }]) => ({
      name: nameOf(id, 'TableName'),
      indexes: ((Properties.GlobalSecondaryIndexes ?? []) as { IndexName: string }[]).map(({ IndexName }) => IndexName),
    })),
    functions: all('AWS::Lambda::Function').map(([id, { Properties = {} }]) => ({
      name: nameOf(id, 'FunctionName'),
      description: textOf(Properties.Description ?? ''),
      // Lambda's own default.
      timeout: Number(Properties.Timeout ?? 3),
    })),
    calls: [
      ...(grants.some(({ action }) => action === 'ses:SendEmail') ? (['mail'] as const) : []),
      ...(all('AWS::Lambda::Function').some(([, { Properties }]) => hasVariable(Properties, 'STRIPE_API_KEY_PARAMETER'))
        ? (['payment provider'] as const)
        : []),
    ],
  };
}

interface Grant {
  action: string;
  resource: unknown;
  /** The logical id of the role. */
  role: string;
  /** The values of the condition's keys, whatever its operator. */
  condition: Record<string, unknown>;
}

/** What the policies of a template allow, one entry for each action and resource. */
function grantsOf(template: Pick<Template, 'Resources'>): Grant[] {
  return ofType(template, 'AWS::IAM::Policy').flatMap(([, { Properties = {} }]) => {
    const { Statement = [] } = (Properties.PolicyDocument ?? {}) as { Statement?: Statement[] };
    return Statement.flatMap(({ Effect, Action, Resource, Condition = {} }) => {
      if (Effect === 'Deny') return [];
      const { Null: _, ...operators } = Condition;
      const condition = Object.assign({}, ...Object.values(operators)) as Record<string, unknown>;
      return list(Action).flatMap((action) =>
        [Resource]
          .flat()
          .flatMap((resource) =>
            [Properties.Roles].flat().map((role) => ({ action, resource, role: resourceIn(role), condition })),
          ),
      );
    });
  });
}

interface Statement {
  Effect: string;
  Action: string | string[];
  Resource: unknown;
  Condition?: Record<string, Record<string, unknown>>;
}

function functionWithRole(template: Pick<Template, 'Resources'>, role: string): string | undefined {
  return ofType(template, 'AWS::Lambda::Function').find(
    ([, { Properties }]) => resourceIn(Properties?.Role) === role,
  )?.[0];
}

function hasVariable(properties: TemplateResource['Properties'], name: string): boolean {
  const { Variables = {} } = (properties?.Environment ?? {}) as { Variables?: Record<string, unknown> };
  return Object.hasOwn(Variables, name);
}

/** The logical id in a reference, also in a part of a text. An empty text for anything else. */
function resourceIn(value: unknown): string {
  if (typeof value !== 'object' || value === null) return '';
  const { Ref, 'Fn::GetAtt': attribute, 'Fn::Join': join } = value as Record<string, unknown>;
  if (typeof Ref === 'string') return Ref;
  if (Array.isArray(attribute)) return String(attribute[0]);
  const parts = Array.isArray(join) && Array.isArray(join[1]) ? (join[1] as unknown[]) : [];
  return parts.map(resourceIn).find((id) => id !== '') ?? '';
}

function list(value: unknown): string[] {
  return value === undefined ? [] : [value].flat().map(textOf);
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** What a pattern matches of the contract, and the words for its `detail`. */
function heard(
  service: string,
  pattern: Record<string, unknown>,
  { contract, subscriptions }: Knowledge,
): Pick<FlowRule, 'detailTypes' | 'when'> {
  const { detail, ...rest } = pattern;
  const named = [pattern['detail-type'] ?? []].flat();
  const detailTypes = [...contract.values()]
    .filter(({ source, detailType }) => matchesEventPattern(rest, { source, 'detail-type': detailType }))
    .map(({ detailType }) => detailType)
    .sort((a, b) => named.indexOf(a) - named.indexOf(b));
  if (detail === undefined) return { detailTypes };
  const own = Object.values(subscriptions[service] ?? {}).find(
    (subscription) => JSON.stringify(eventPatternOf(subscription)) === JSON.stringify(pattern),
  );
  return { detailTypes, when: own?.when ?? `only where its detail matches \`${JSON.stringify(detail)}\`` };
}

function eventOf(
  file: string,
  { detailType, source, schema }: EventContract,
  services: readonly FlowService[],
  { readers, examples }: Knowledge,
): FlowEvent {
  const reads = Object.entries(readers).flatMap(([service, paths]) =>
    paths[detailType] ? [[service, paths[detailType]] as const] : [],
  );
  return {
    detailType,
    source,
    owner: source.replace(/^airline\./, ''),
    description: textOf(schema.description ?? ''),
    schema: `${file}.json`,
    saidBy: services.filter(({ says }) => says.includes(detailType)).map(({ name }) => name),
    fromOutside: !((schema.required ?? []) as string[]).includes('metadata'),
    heardBy: [],
    reads: Object.fromEntries(reads),
    personal: personalPaths(schema, ''),
    example: examples.get(file),
  };
}

/** The paths of fields that a schema marks with `x-personal`. */
function personalPaths(schema: unknown, path: string): string[] {
  if (typeof schema !== 'object' || schema === null) return [];
  const { properties = {}, items, 'x-personal': isPersonal } = schema as Record<string, unknown>;
  if (isPersonal === true) return [path];
  const children = Object.entries(properties as object).flatMap(([name, child]) =>
    personalPaths(child, path === '' ? name : `${path}.${name}`),
  );
  return [...children, ...personalPaths(items, `${path}[]`)];
}

/** A rule that hears all of a detail-type makes the words of narrower ones meaningless. */
function withHearers(events: readonly FlowEvent[], services: readonly FlowService[]): FlowEvent[] {
  return events.map((event) => ({
    ...event,
    heardBy: services.flatMap(({ name, rules }) => {
      const hearing = rules.filter(({ detailTypes }) => detailTypes.includes(event.detailType));
      if (hearing.length === 0) return [];
      if (hearing.some(({ when }) => when === undefined)) return [{ service: name }];
      return [{ service: name, when: hearing.map(({ when }) => when).join(' or ') }];
    }),
  }));
}

/** The service that hears most events names them in the order of the flow. What it does not hear comes before. */
function inOrderOfFlow(events: readonly FlowEvent[], services: readonly FlowService[]): FlowEvent[] {
  const heardBy = services.map(({ rules }) => rules.flatMap(({ detailTypes }) => detailTypes));
  const longest = heardBy.reduce((most, each) => (each.length > most.length ? each : most), []);
  return events.toSorted((a, b) => longest.indexOf(a.detailType) - longest.indexOf(b.detailType));
}

/** The queue that a function reads, then its dead-letter queues. */
function readFirst(queues: readonly FlowQueue[]): FlowQueue[] {
  return queues.toSorted((a, b) => Number(a.reader === undefined) - Number(b.reader === undefined));
}

function compare(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}

import { AwsError, unknownOperation } from '../aws-error.ts';
import type { Archive } from './archive.ts';
import { EventArchives } from './event-archive.ts';
import { busNameOf, type Input, optionalText, page, refuseBusName, requiredText } from './event-bridge-input.ts';
import { isObject } from '../is-object.ts';
import { InvalidEventPatternError, matchesEventPattern } from './event-pattern.ts';
import { LocalCloudError } from '../local-cloud-error.ts';
import type { LostDeliveries } from './lost-deliveries.ts';
import {
  eventBody,
  parseObject,
  readPutEventsEntries,
  refuseEntry,
  toEvent,
  validTraceHeader,
} from './put-events-entry.ts';
import type { EntryRefusal, EventBridgeEvent, PutEventsEntry } from './put-events-entry.ts';
import { refuseRule } from './rule-limits.ts';
import { systemTimers, TargetDeliveries } from './target-delivery.ts';
import type { Deliver, DeliveryTimers, RuleTarget } from './target-delivery.ts';

export type { RuleTarget } from './target-delivery.ts';

export interface EventBridgeOptions {
  accountId: string;
  region: string;
  /** Sends a message to a queue. It throws an AwsError; `QueueDoesNotExist` is not retried. */
  deliver: Deliver;
  log: (line: string) => void;
  timers?: DeliveryTimers;
}

export interface RuleProps {
  name: string;
  /** A name or an ARN. */
  eventBusName: string;
  eventPattern: object;
  state: 'ENABLED' | 'DISABLED';
  description?: string;
  targets: RuleTarget[];
}

interface Rule extends RuleProps {
  arn: string;
}

interface Dispatch {
  /** Delivered with the event. Archives do not store it. */
  traceHeader?: string | undefined;
  /** Limits a replay to these rules. */
  ruleArns?: ReadonlySet<string> | undefined;
}

interface EventBus {
  name: string;
  arn: string;
  description: string | undefined;
  /** Seconds since the epoch. */
  createdAt: number;
  rules: Map<string, Rule>;
}

/** EventBridge Classic: event buses, rules with SQS targets, archives, and their API operations. */
export class EventBridge {
  private readonly options: EventBridgeOptions;
  private readonly timers: DeliveryTimers;
  private readonly deliveries: TargetDeliveries;
  private readonly buses = new Map<string, EventBus>();
  private readonly archives: EventArchives;
  private readonly operations: Record<string, (input: Input) => unknown> = {
    PutEvents: (input) => this.putEvents(input),
    TestEventPattern: (input) => testEventPattern(input),
    ListEventBuses: (input) => this.listEventBuses(input),
    DescribeEventBus: (input) => describeBus(this.bus(optionalText(input, 'Name'))),
    ListRules: (input) => this.listRules(input),
    DescribeRule: (input) => describeRule(this.rule(input, 'Name')),
    ListTargetsByRule: (input) => page(this.rule(input, 'Rule').targets.map(describeTarget), 'Targets', input),
    ListRuleNamesByTarget: (input) => this.listRuleNamesByTarget(input),
    EnableRule: (input) => this.setRuleState(input, 'ENABLED'),
    DisableRule: (input) => this.setRuleState(input, 'DISABLED'),
    PutRule: (input) => this.putRuleByApi(input),
    DeleteRule: (input) => this.deleteRule(input),
    PutTargets: (input) => this.putTargets(input),
    RemoveTargets: (input) => this.removeTargets(input),
  };

  constructor(options: EventBridgeOptions) {
    this.options = options;
    this.timers = options.timers ?? systemTimers;
    this.deliveries = new TargetDeliveries({ deliver: options.deliver, log: options.log, timers: this.timers });
    this.archives = new EventArchives({
      arn: (resource) => this.arn(resource),
      log: options.log,
      timers: this.timers,
      rulesOf: (busArn) => this.buses.get(busNameOf(busArn, options))?.rules.values() ?? [],
      dispatch: (busArn, event, ruleArns) => this.dispatch(this.bus(busArn), event, eventBody(event), { ruleArns }),
    });
    Object.assign(this.operations, this.archives.operations);
    this.createEventBus('default');
  }

  /** @throws LocalCloudError when the name is in use */
  createEventBus(name: string, description?: string): { name: string; arn: string } {
    if (this.buses.has(name)) {
      throw new LocalCloudError(`There are two event buses named ${name}: rename one of them.`);
    }
    const arn = this.arn(`event-bus/${name}`);
    this.buses.set(name, { name, arn, description, createdAt: this.timers.now() / 1000, rules: new Map() });
    return { name, arn };
  }

  /** @throws LocalCloudError when EventBridge would reject the rule, or when a target is not an SQS queue */
  putRule(props: RuleProps): { name: string; arn: string } {
    const bus = this.existingBus(props.eventBusName, `Rule ${props.name} is on`);
    if (bus.rules.has(props.name)) {
      throw new LocalCloudError(
        `There are two rules named ${props.name} on the event bus ${bus.name}: rename one of them.`,
      );
    }
    refuseRule(props);
    return { name: props.name, arn: this.storeRule(bus, props).arn };
  }

  /**
   * @throws LocalCloudError when the name is in use, the bus does not exist, or EventBridge would reject the pattern
   */
  createArchive(archive: Archive): { name: string; arn: string } {
    this.existingBus(archive.eventSourceArn, `The source of archive ${archive.name} is`);
    return this.archives.create(archive);
  }

  /** Runs one operation of EventBridge's API. @throws AwsError when EventBridge would reject the whole request */
  request(action: string, input: unknown): Promise<unknown> {
    return new Promise((resolve) => {
      const operation = Object.hasOwn(this.operations, action) ? this.operations[action] : undefined;
      if (operation === undefined) throw unknownOperation('EventBridge', action, Object.keys(this.operations));
      resolve(operation((input ?? {}) as Input));
    });
  }

  /** The events that neither a target nor its dead-letter queue took. */
  lostDeliveries(): ReturnType<LostDeliveries['list']> {
    return this.deliveries.lost.list();
  }

  /** Cancels replays and retries. */
  async close(): Promise<void> {
    await this.archives.close();
    await this.deliveries.close();
  }

  private putEvents(input: Input): unknown {
    const answers = readPutEventsEntries(input).map((entry) => refuseEntry(entry, this.options) ?? this.accept(entry));
    return { FailedEntryCount: answers.filter((answer) => 'ErrorCode' in answer).length, Entries: answers };
  }

  private accept(entry: PutEventsEntry): { EventId: string } | EntryRefusal {
    const { accountId, region, log } = this.options;
    const event = toEvent(entry, { accountId, region, now: this.timers.now() });
    const bus = this.buses.get(busNameOf(entry.EventBusName ?? 'default', this.options));
    if (bus === undefined) {
      // AWS returns an event id too, and drops the event.
      const bus = `the event bus ${entry.EventBusName}, which does not exist`;
      log(`EventBridge: ${event['detail-type']} was published to ${bus}; the event is dropped, as on AWS`);
      return { EventId: event.id };
    }
    const body = eventBody(event);
    this.archives.store(bus.arn, event, body);
    this.dispatch(bus, event, body, { traceHeader: validTraceHeader(entry) });
    return { EventId: event.id };
  }

  private dispatch(bus: EventBus, event: EventBridgeEvent, body: string, { traceHeader, ruleArns }: Dispatch): void {
    for (const rule of bus.rules.values()) {
      if (ruleArns?.has(rule.arn) === false) continue;
      if (rule.state !== 'ENABLED' || !matchesEventPattern(rule.eventPattern, event)) continue;
      for (const target of rule.targets)
        this.deliveries.start({ eventId: event.id, body, traceHeader, ruleArn: rule.arn, target });
    }
  }

  private listEventBuses(input: Input): unknown {
    const prefix = optionalText(input, 'NamePrefix') ?? '';
    const buses = [...this.buses.values()].filter((bus) => bus.name.startsWith(prefix));
    return page(buses.map(describeBus), 'EventBuses', input);
  }

  private listRules(input: Input): unknown {
    const prefix = optionalText(input, 'NamePrefix') ?? '';
    const rules = [...this.bus(optionalText(input, 'EventBusName')).rules.values()];
    return page(rules.filter((rule) => rule.name.startsWith(prefix)).map(describeRule), 'Rules', input);
  }

  private listRuleNamesByTarget(input: Input): unknown {
    const targetArn = requiredText(input, 'TargetArn');
    const rules = [...this.bus(optionalText(input, 'EventBusName')).rules.values()];
    const names = rules
      .filter((rule) => rule.targets.some((target) => target.arn === targetArn))
      .map((rule) => rule.name);
    return page(names, 'RuleNames', input);
  }

  private setRuleState(input: Input, state: Rule['state']): unknown {
    this.rule(input, 'Name').state = state;
    return {};
  }

  /** A rule that exists keeps its targets. */
  private putRuleByApi(input: Input): unknown {
    const name = requiredText(input, 'Name');
    const state = optionalText(input, 'State') ?? 'ENABLED';
    const bus = this.bus(optionalText(input, 'EventBusName'));
    const eventPattern = parseObject(requiredText(input, 'EventPattern'));
    if (eventPattern === undefined)
      throw new AwsError('InvalidEventPatternException', 'Event pattern is not valid. Reason: Filter is not an object');
    if (state !== 'ENABLED' && state !== 'DISABLED')
      throw new AwsError('ValidationException', `The local cloud does not run rules in state ${state}.`);
    const targets = bus.rules.get(name)?.targets ?? [];
    const description = optionalText(input, 'Description');
    const props = {
      name,
      eventBusName: bus.name,
      eventPattern,
      state,
      ...(description !== undefined && { description }),
    };
    return { RuleArn: this.replaceRule(bus, { ...props, targets } as RuleProps).arn };
  }

  private deleteRule(input: Input): unknown {
    const rule = this.rule(input, 'Name');
    if (rule.targets.length > 0)
      throw new AwsError('ValidationException', "Rule can't be deleted since it has targets.");
    this.bus(rule.eventBusName).rules.delete(rule.name);
    return {};
  }

  private putTargets(input: Input): unknown {
    const rule = this.rule(input, 'Rule');
    const added = objectsIn(input, 'Targets').map(readTarget);
    const kept = rule.targets.filter(({ id }) => added.every((target) => target.id !== id));
    this.replaceRule(this.bus(rule.eventBusName), { ...rule, targets: [...kept, ...added] });
    return { FailedEntryCount: 0, FailedEntries: [] };
  }

  private removeTargets(input: Input): unknown {
    const rule = this.rule(input, 'Rule');
    const ids: unknown[] = Array.isArray(input.Ids) ? input.Ids : [];
    rule.targets = rule.targets.filter(({ id }) => !ids.includes(id));
    return { FailedEntryCount: 0, FailedEntries: [] };
  }

  /** @throws AwsError when EventBridge would reject the rule */
  private replaceRule(bus: EventBus, props: RuleProps): Rule {
    try {
      refuseRule(props);
    } catch (error) {
      if (error instanceof LocalCloudError) throw new AwsError('ValidationException', error.message);
      throw error;
    }
    return this.storeRule(bus, props);
  }

  private storeRule(bus: EventBus, props: RuleProps): Rule {
    // As on AWS, the ARN of a rule on the default bus does not contain the bus name.
    const arn = this.arn(bus.name === 'default' ? `rule/${props.name}` : `rule/${bus.name}/${props.name}`);
    const rule = { ...props, eventBusName: bus.name, arn };
    bus.rules.set(props.name, rule);
    return rule;
  }

  /** @param who begins the sentence of the error. @throws LocalCloudError */
  private existingBus(nameOrArn: string, who: string): EventBus {
    try {
      return this.bus(nameOrArn);
    } catch (error) {
      if (!(error instanceof AwsError)) throw error;
      const problem =
        error.code === 'ResourceNotFoundException' ? 'which does not exist' : `which it cannot use: ${error.message}`;
      throw new LocalCloudError(`${who} the event bus ${nameOrArn}, ${problem.replace(/\.?$/, '.')}`);
    }
  }

  private bus(nameOrArn = 'default'): EventBus {
    refuseBusName(nameOrArn, 'eventBusName');
    const name = busNameOf(nameOrArn, this.options);
    const bus = this.buses.get(name);
    if (bus === undefined) throw new AwsError('ResourceNotFoundException', `Event bus ${name} does not exist.`);
    return bus;
  }

  private rule(input: Input, nameMember: 'Name' | 'Rule'): Rule {
    const bus = this.bus(optionalText(input, 'EventBusName'));
    const name = requiredText(input, nameMember);
    const rule = bus.rules.get(name);
    if (rule === undefined) {
      throw new AwsError('ResourceNotFoundException', `Rule ${name} does not exist on EventBus ${bus.name}.`);
    }
    return rule;
  }

  private arn(resource: string): string {
    return `arn:aws:events:${this.options.region}:${this.options.accountId}:${resource}`;
  }
}

const describeBus = (bus: EventBus) => ({
  Name: bus.name,
  Arn: bus.arn,
  Description: bus.description,
  CreationTime: bus.createdAt,
  LastModifiedTime: bus.createdAt,
});

const describeRule = (rule: Rule) => ({
  Name: rule.name,
  Arn: rule.arn,
  EventPattern: JSON.stringify(rule.eventPattern),
  State: rule.state,
  Description: rule.description,
  EventBusName: rule.eventBusName,
});

const describeTarget = (target: RuleTarget) => ({
  Id: target.id,
  Arn: target.arn,
  DeadLetterConfig: target.deadLetterQueueArn === undefined ? undefined : { Arn: target.deadLetterQueueArn },
  RetryPolicy: {
    MaximumRetryAttempts: target.maximumRetryAttempts,
    MaximumEventAgeInSeconds: target.maximumEventAgeSeconds,
  },
});

/** A target of PutTargets. Members that the local cloud does not play are refused, so that none is lost in silence. */
function readTarget(given: Input): RuleTarget {
  const { Id: _, Arn: __, DeadLetterConfig: deadLetters, RetryPolicy: retry, RoleArn: ___, ...others } = given;
  const unknown = Object.keys(others);
  if (unknown.length > 0)
    throw new AwsError('ValidationException', `The local cloud does not play ${unknown.join(', ')} of a target.`);
  const deadLetterQueueArn = isObject(deadLetters) ? optionalText(deadLetters, 'Arn') : undefined;
  const limits = isObject(retry) ? retry : {};
  return {
    id: requiredText(given, 'Id'),
    arn: requiredText(given, 'Arn'),
    ...(deadLetterQueueArn !== undefined && { deadLetterQueueArn }),
    maximumRetryAttempts: Number(limits.MaximumRetryAttempts ?? 185),
    maximumEventAgeSeconds: Number(limits.MaximumEventAgeInSeconds ?? 86_400),
  };
}

function objectsIn(input: Input, member: string): Input[] {
  const value: unknown = input[member];
  if (!Array.isArray(value) || !value.every(isObject))
    throw new AwsError('SerializationException', `${member} must be a list of structures.`);
  return value;
}

/** @see https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_TestEventPattern.html */
const MAX_TESTED_PATTERN = 4096;

function testEventPattern(input: Input): unknown {
  const event = parseObject(requiredText(input, 'Event'));
  const required = ['id', 'account', 'source', 'time', 'region', 'resources', 'detail-type'];
  const missing = event === undefined ? required : required.filter((name) => !Object.hasOwn(event, name));
  if (event === undefined || missing.length > 0) {
    const reason =
      event === undefined ? 'it is not a JSON object, or it is nested too deep' : `it lacks ${missing.join(', ')}`;
    throw new AwsError('ValidationException', `Parameter Event is not valid. Reason: ${reason}.`);
  }
  const text = requiredText(input, 'EventPattern');
  if (text.length > MAX_TESTED_PATTERN) {
    const problem = `Member must have length less than or equal to ${MAX_TESTED_PATTERN}`;
    const where = "Value at 'eventPattern' failed to satisfy constraint";
    throw new AwsError('ValidationException', `1 validation error detected: ${where}: ${problem}`);
  }
  const pattern = parseObject(text);
  if (pattern === undefined) {
    throw new AwsError('InvalidEventPatternException', 'Event pattern is not valid. Reason: Filter is not an object');
  }
  try {
    return { Result: matchesEventPattern(pattern, event) };
  } catch (error) {
    if (error instanceof InvalidEventPatternError) throw new AwsError('InvalidEventPatternException', error.message);
    throw error;
  }
}

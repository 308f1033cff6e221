import { AwsError, unknownOperation } from '../aws-error.ts';
import type { Archive } from './archive.ts';
import { EventArchives } from './event-archive.ts';
import { type Input, optionalText, page, requiredText } from './event-bridge-input.ts';
import { InvalidEventPatternError, matchesEventPattern, validateEventPattern } from './event-pattern.ts';
import { LocalCloudError } from '../local-cloud-error.ts';
import type { LostDeliveries } from './lost-deliveries.ts';
import { readPutEventsEntries, refuseEntry, toEvent, validTraceHeader } from './put-events-entry.ts';
import type { EntryRefusal, EventBridgeEvent, PutEventsEntry } from './put-events-entry.ts';
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
  };

  constructor(options: EventBridgeOptions) {
    this.options = options;
    this.timers = options.timers ?? systemTimers;
    this.deliveries = new TargetDeliveries({ deliver: options.deliver, log: options.log, timers: this.timers });
    this.archives = new EventArchives({
      arn: (resource) => this.arn(resource),
      log: options.log,
      timers: this.timers,
      rulesOf: (busArn) => this.buses.get(busName(busArn))?.rules.values() ?? [],
      dispatch: (busArn, event, ruleArns) =>
        this.dispatch(this.bus(busArn), event, JSON.stringify(event), { ruleArns }),
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
    const bus = this.buses.get(busName(props.eventBusName));
    if (bus === undefined) {
      throw new LocalCloudError(`Rule ${props.name} is on the event bus ${props.eventBusName}, which does not exist.`);
    }
    if (bus.rules.has(props.name)) {
      throw new LocalCloudError(
        `There are two rules named ${props.name} on the event bus ${bus.name}: rename one of them.`,
      );
    }
    try {
      validateEventPattern(props.eventPattern);
    } catch (error) {
      if (error instanceof InvalidEventPatternError) throw new LocalCloudError(`Rule ${props.name}: ${error.message}`);
      throw error;
    }
    for (const { id, arn, deadLetterQueueArn } of props.targets) {
      for (const queueArn of [arn, deadLetterQueueArn ?? arn]) {
        if (!queueArn.startsWith('arn:aws:sqs:')) {
          const problem = `the local cloud delivers to SQS queues only, not to ${queueArn}`;
          throw new LocalCloudError(`Rule ${props.name}, target ${id}: ${problem}.`);
        }
      }
    }
    // As on AWS, the ARN of a rule on the default bus does not contain the bus name.
    const arn = this.arn(bus.name === 'default' ? `rule/${props.name}` : `rule/${bus.name}/${props.name}`);
    bus.rules.set(props.name, { ...props, eventBusName: bus.name, arn });
    return { name: props.name, arn };
  }

  /**
   * @throws LocalCloudError when the name is in use, the bus does not exist, or EventBridge would reject the pattern
   */
  createArchive(archive: Archive): { name: string; arn: string } {
    if (!this.buses.has(busName(archive.eventSourceArn))) {
      throw new LocalCloudError(
        `The source of archive ${archive.name} is the event bus ${archive.eventSourceArn}, which does not exist.`,
      );
    }
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
    const answers = readPutEventsEntries(input).map((entry) => refuseEntry(entry) ?? this.accept(entry));
    return { FailedEntryCount: answers.filter((answer) => 'ErrorCode' in answer).length, Entries: answers };
  }

  private accept(entry: PutEventsEntry): { EventId: string } | EntryRefusal {
    const { accountId, region, log } = this.options;
    const event = toEvent(entry, { accountId, region, now: this.timers.now() });
    const bus = this.buses.get(busName(entry.EventBusName ?? 'default'));
    if (bus === undefined) {
      // AWS returns an event id too, and drops the event.
      const bus = `the event bus ${entry.EventBusName}, which does not exist`;
      log(`EventBridge: ${event['detail-type']} was published to ${bus}; the event is dropped, as on AWS`);
      return { EventId: event.id };
    }
    const body = JSON.stringify(event);
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

  private bus(nameOrArn = 'default'): EventBus {
    const name = busName(nameOrArn);
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

const busName = (nameOrArn: string): string => nameOrArn.replace(/^arn:[^:]+:events:[^:]*:[^:]*:event-bus\//, '');

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

function testEventPattern(input: Input): unknown {
  const event = parseObject(requiredText(input, 'Event'));
  const required = ['id', 'account', 'source', 'time', 'region', 'resources', 'detail-type'];
  const missing = event === undefined ? required : required.filter((name) => !Object.hasOwn(event, name));
  if (event === undefined || missing.length > 0) {
    const reason = event === undefined ? 'it is not a JSON object' : `it lacks ${missing.join(', ')}`;
    throw new AwsError('ValidationException', `Parameter Event is not valid. Reason: ${reason}.`);
  }
  const pattern = parseObject(requiredText(input, 'EventPattern'));
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

function parseObject(text: string): object | undefined {
  try {
    const parsed: unknown = JSON.parse(text);
    return typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed) ? parsed : undefined;
  } catch {
    return undefined;
  }
}

import { type Duration, Stack, Tags } from 'aws-cdk-lib';
import { type IMetric, Metric, Stats } from 'aws-cdk-lib/aws-cloudwatch';
import type { Function } from 'aws-cdk-lib/aws-lambda';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { businessMetric, minute, OperatorAlarm, type OperatorAlarmProps, sumOf } from './alarm.ts';
import { airlineName, serviceName } from './names.ts';
import { platformAlarmsTopic } from './platform.ts';
import { ServiceDashboard } from './service-dashboard.ts';

/** What stands between the bus and a consumer, as far as alarms and dashboards look at it. */
export interface WatchedQueue {
  readonly queue: Queue;
  readonly deadLetters: Queue;
  readonly undelivered: Queue;
  /** Physical names of the rules that deliver to the queue. */
  readonly ruleNames: readonly string[];
  readonly busName: string;
  /** The longest that a message may lie in the queue on purpose. */
  readonly longestDelay: Duration;
}

/** Five tries take about a minute and a half; what is older is not being retried but left lying. */
const oldestMessageSeconds = 300;

/**
 * What the people of a service are called by, and what they look at then: its alarms and its dashboard. One for each stack; the
 * constructs that make queues and functions report them here, so that no service can forget to. Each alarm's description says
 * what it means and what to do, and names the section of docs/runbook.md that says more.
 */
export class ServiceOperations extends Construct {
  readonly dashboard: ServiceDashboard;
  readonly #service: string;
  readonly #topic: ITopic;

  /** The one of the scope's stack, made when first asked for. */
  static of(scope: Construct, service: string): ServiceOperations {
    const stack = Stack.of(scope);
    const made = stack.node.tryFindChild('Operations') as ServiceOperations | undefined;
    return made ?? new ServiceOperations(stack, service);
  }

  private constructor(stack: Stack, service: string) {
    super(stack, 'Operations');
    this.#service = service;
    this.#topic = platformAlarmsTopic(this);
    this.dashboard = new ServiceDashboard(this, 'Dashboard', service);
    // By these the bill is split: turn them on as cost allocation tags.
    Tags.of(stack).add('airline:name', airlineName(stack));
    Tags.of(stack).add('airline:service', service);
  }

  watchQueue({ queue, deadLetters, undelivered, ruleNames, busName, longestDelay }: WatchedQueue): void {
    const service = this.#service;
    this.#alarm('DeadLetters', 'dead-letters', {
      metric: deadLetters.metricApproximateNumberOfMessagesVisible({ period: minute, statistic: Stats.MAXIMUM }),
      meaning: `${service} could not handle a message, and nobody will go on with its booking by himself.`,
      action: `Type \`pnpm dlq show ${service}\`; once the cause is gone, \`pnpm dlq redrive ${service}\`.`,
      section: 'A dead-letter queue is not empty',
    });
    this.#alarm('Undelivered', 'undelivered', {
      metric: undelivered.metricApproximateNumberOfMessagesVisible({ period: minute, statistic: Stats.MAXIMUM }),
      meaning: `EventBridge could not put an event into the queue of ${service}.`,
      action: `Type \`pnpm dlq show ${service} --kind undelivered\`; deploy the service's stack again, then redrive.`,
      section: 'A dead-letter queue is not empty',
    });
    this.#alarm('OldestMessage', 'oldest-message', {
      metric: queue.metricApproximateAgeOfOldestMessage({ period: minute, statistic: Stats.MAXIMUM }),
      // A message that is delayed on purpose has aged by its delay when it arrives.
      threshold: oldestMessageSeconds + longestDelay.toSeconds(),
      evaluationPeriods: 3,
      meaning: `Messages wait for ${service}: bookings are late, not lost.`,
      action: 'Look at errors, throttles and duration of its function on the dashboard.',
      section: 'The oldest message of a queue is old',
    });
    const ofRules = (metricName: string): IMetric =>
      sumOf(ruleNames.map((rule) => ruleMetric(metricName, busName, rule)));
    this.#alarm('FailedInvocations', 'failed-invocations', {
      metric: ofRules('FailedInvocations'),
      meaning: `EventBridge gave up delivering events to ${service}; they are in its queue of undelivered events.`,
      action: `Type \`pnpm dlq show ${service} --kind undelivered\`; deploy the service's stack again, then redrive.`,
      section: "A rule's invocations fail",
    });
    this.#alarm('LostEvents', 'lost-events', {
      metric: ofRules('InvocationsFailedToBeSentToDlq'),
      meaning: `EventBridge could deliver events neither to ${service} nor to its queue of undelivered events: they are lost.`,
      action:
        "Deploy the service's stack again, then `pnpm replay` from the archive, from before this alarm, to its rules.",
      section: 'Events were lost',
    });
    this.dashboard.addQueue({ queue, deadLetters, undelivered });
  }

  /** @param kind what the function is to its service: `consumer`, `api` */
  watchFunction(kind: string, watched: Function): void {
    // A message that fails is an answer of the function, not an error of Lambda: the consumer counts it itself.
    const failures = kind === 'consumer' ? [businessMetric(this, this.#service, 'MessageFailed')] : [];
    const errors = sumOf([watched.metricErrors({ period: minute }), ...failures]);
    const throttles = watched.metricThrottles({ period: minute });
    // Outlasts what heals by itself within the first retries.
    const lasting = { evaluationPeriods: 5, datapointsToAlarm: 3 };
    const section = 'A function has errors or is throttled';
    this.#alarm(`${capitalized(kind)}Errors`, `${kind}-errors`, {
      metric: errors,
      ...lasting,
      meaning:
        kind === 'consumer'
          ? `${this.#service} has failed to handle messages for minutes; each is tried five times and then is a dead letter.`
          : `The HTTP API of ${this.#service} has crashed or timed out for minutes: customers are turned away.`,
      action:
        'Read its log. If it began with a deployment, deploy the version before. Then redrive what died meanwhile.',
      section,
    });
    this.#alarm(`${capitalized(kind)}Throttles`, `${kind}-throttles`, {
      metric: throttles,
      ...lasting,
      meaning: `Lambda refuses to run the ${kind} of ${this.#service}: the account's concurrency is used up.`,
      action: 'Find what uses it up, or raise the limit.',
      section,
    });
    this.dashboard.addFunction(kind, watched);
  }

  /** For a service that can tell that a fact cannot be. */
  watchImpossibleFacts(): void {
    this.#alarm('ImpossibleFacts', 'impossible-facts', {
      metric: businessMetric(this, this.#service, 'ImpossibleFact'),
      meaning: `${capitalized(this.#service)} heard what contradicts what it did, such as a failed payment of a sold seat. It must stay 0.`,
      action: 'Find `Impossible fact` in its log and decide about that booking. Do not redrive.',
      section: 'An impossible fact',
    });
  }

  #alarm(id: string, name: string, props: Omit<OperatorAlarmProps, 'name' | 'topic'>): void {
    const alarmName = `${serviceName(this, this.#service)}-${name}`;
    this.dashboard.addAlarm(new OperatorAlarm(this, id, { ...props, name: alarmName, topic: this.#topic }));
  }
}

/** EventBridge counts rules of a custom bus by the names of both. */
function ruleMetric(metricName: string, EventBusName: string, RuleName: string): Metric {
  const dimensionsMap = { EventBusName, RuleName };
  return new Metric({ namespace: 'AWS/Events', metricName, dimensionsMap, period: minute, statistic: Stats.SUM });
}

function capitalized(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

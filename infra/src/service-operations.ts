import { type Duration, Stack } from 'aws-cdk-lib';
import { Metric, Stats } from 'aws-cdk-lib/aws-cloudwatch';
import type { Function } from 'aws-cdk-lib/aws-lambda';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { addAirlineTags } from './airline-tags.ts';
import { businessMetric, growthOf, minute, OperatorAlarm, type OperatorAlarmProps, sumOf } from './alarm.ts';
import { serviceName } from './names.ts';
import { platformAlarmsTopic } from './platform.ts';

/** A consumer's queue with its dead-letter queues and rules, as alarms need them. */
export interface WatchedQueue {
  readonly queue: Queue;
  readonly deadLetters: Queue;
  readonly undelivered: Queue;
  /** Physical names of the rules that deliver to the queue. */
  readonly ruleNames: readonly string[];
  readonly busName: string;
  /** The longest delay with which the service sends messages to its own queue; zero if it sends none. */
  readonly longestDelay: Duration;
}

/** The five attempts at a message take about a minute and a half. An older message is not in retry: it waits. */
const oldestMessageSeconds = 300;

/** A hold lasts for eleven minutes by default, and every other wait is shorter. */
const longestWaitSeconds = 15 * 60;

/**
 * For metrics of which a single count is too many. EventBridge's data points may be late by minutes, and the sum of
 * several rules has 0 in their place (https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-monitoring.html). So
 * the alarm looks back a quarter of an hour, and is over a quarter of an hour after the last count.
 */
const onceInQuarterHour = { evaluationPeriods: 15, datapointsToAlarm: 1 };

/**
 * Shorter faults are healed by the first retries. Two of the five minutes may lack their data points, which come late
 * from Lambda and from the logs.
 */
const lastingMinutes = { evaluationPeriods: 5, datapointsToAlarm: 3 };

/** SQS publishes a queue's length about every minute, and sometimes late. One data point of the last five is enough. */
const onceInFiveMinutes = { evaluationPeriods: 5, datapointsToAlarm: 1 };

/**
 * The alarms and the tags of one service's stack. The constructs that create queues and functions register them here,
 * so no service can forget an alarm. Each alarm's description states what it means and what to do, and names the
 * section of docs/runbook.md.
 */
export class ServiceOperations extends Construct {
  readonly #service: string;
  readonly #topic: ITopic;

  /** The instance of the scope's stack. The first call creates it. */
  static of(scope: Construct, service: string): ServiceOperations {
    const stack = Stack.of(scope);
    const existing = stack.node.tryFindChild('Operations') as ServiceOperations | undefined;
    return existing ?? new ServiceOperations(stack, service);
  }

  private constructor(stack: Stack, service: string) {
    super(stack, 'Operations');
    this.#service = service;
    this.#topic = platformAlarmsTopic(this);
    addAirlineTags(stack, service);
  }

  watchQueue({ queue, deadLetters, undelivered, ruleNames, busName, longestDelay }: WatchedQueue): void {
    const service = this.#service;
    // Each of the two dead-letter queues has two alarms. The first one stays on until the queue is empty, and is silent
    // meanwhile. The second one notifies for each further message.
    const unhandled = lengthOf(deadLetters);
    this.#alarm('DeadLetters', 'dead-letters', {
      metric: unhandled,
      meaning: `${service} could not handle a message. The message's booking waits until an operator acts.`,
      action: `Type \`pnpm dlq show ${service}\`. When the cause is gone, type \`pnpm dlq redrive ${service}\`.`,
      section: 'A dead-letter queue is not empty',
    });
    this.#alarm('NewDeadLetters', 'new-dead-letters', {
      metric: growthOf(unhandled),
      ...onceInFiveMinutes,
      meaning: `${service} could not handle another message, while older dead letters still wait.`,
      action: `Type \`pnpm dlq show ${service}\`, and compare the reasons: a new one needs another repair.`,
      section: 'A dead-letter queue is not empty',
    });
    const undeliveredEvents = lengthOf(undelivered);
    this.#alarm('Undelivered', 'undelivered', {
      metric: undeliveredEvents,
      meaning: `EventBridge could not deliver an event to the queue of ${service}. It put the event into the queue of undelivered events.`,
      action: `Type \`pnpm dlq show ${service} --kind undelivered\`. Deploy the service's stack again, then redrive.`,
      section: 'A dead-letter queue is not empty',
    });
    this.#alarm('NewUndelivered', 'new-undelivered', {
      metric: growthOf(undeliveredEvents),
      ...onceInFiveMinutes,
      meaning: `EventBridge could not deliver another event to ${service}, while older undelivered events still wait.`,
      action: `Type \`pnpm dlq show ${service} --kind undelivered\`. Deploy the service's stack again, then redrive.`,
      section: 'A dead-letter queue is not empty',
    });
    this.#alarm('OldestMessage', 'oldest-message', {
      metric: queue.metricApproximateAgeOfOldestMessage({ period: minute, statistic: Stats.MAXIMUM }),
      // The age of a delayed message includes its delay.
      threshold: oldestMessageSeconds + longestDelay.toSeconds(),
      evaluationPeriods: 3,
      meaning: `Messages wait too long in the queue of ${service}. Bookings are late, but not lost.`,
      action: 'Look at the errors, throttles and duration of its function on the dashboard of the services.',
      section: 'The oldest message of a queue is old',
    });
    this.#alarm('LostEvents', 'lost-events', {
      metric: sumOf(ruleNames.map((rule) => ruleMetric('InvocationsFailedToBeSentToDlq', busName, rule))),
      ...onceInQuarterHour,
      meaning: `EventBridge could deliver events neither to ${service} nor to its queue of undelivered events. Only the archive has them.`,
      action:
        "Deploy the service's stack again. Then type `pnpm replay` for the service's rules, from a time before this alarm.",
      section: 'Events were lost',
    });
  }

  /** For a service that publishes the metric `OldestUnsettledSeconds`, every five minutes while a booking waits. */
  watchUnsettledBookings(): void {
    this.#alarm('UnsettledBookings', 'unsettled-bookings', {
      metric: businessMetric(this, this.#service, 'OldestUnsettledSeconds').with({ statistic: Stats.MAXIMUM }),
      threshold: longestWaitSeconds,
      // A data point comes every five minutes.
      evaluationPeriods: 6,
      datapointsToAlarm: 1,
      meaning: 'A booking has waited for more than 15 minutes. It will not settle without help.',
      action: 'Type `pnpm waiting`, and for a booking `pnpm explain ID`. It says what to type.',
      section: 'Bookings wait too long',
    });
  }

  /** @param kind the function's role in its service: `consumer`, `api` or `watch` */
  watchFunction(kind: string, watched: Function): void {
    // With partial batch responses Lambda counts no error when a message fails, so the consumer publishes its own
    // metric.
    const failures = kind === 'consumer' ? [businessMetric(this, this.#service, 'MessageFailed')] : [];
    const errors = sumOf([watched.metricErrors({ period: minute }), ...failures]);
    const throttles = watched.metricThrottles({ period: minute });
    const section = 'A function has errors or is throttled';
    this.#alarm(`${capitalized(kind)}Errors`, `${kind}-errors`, {
      metric: errors,
      ...lastingMinutes,
      meaning:
        kind === 'consumer'
          ? `${this.#service} has failed to handle messages for minutes. After five attempts a message becomes a dead letter.`
          : kind === 'watch'
            ? `The function that watches the bookings of ${this.#service} fails: nobody sees how long bookings wait.`
            : `The API function of ${this.#service} has crashed or timed out for minutes. Customers get errors.`,
      action:
        'Read its log. If the errors began with a deployment, deploy the previous version. Then redrive the dead letters.',
      section,
    });
    this.#alarm(`${capitalized(kind)}Throttles`, `${kind}-throttles`, {
      metric: throttles,
      ...lastingMinutes,
      meaning: `Lambda throttles the ${kind} of ${this.#service}: no concurrency is left for it.`,
      action: 'Find the functions that use up the concurrency, or raise the limit.',
      section,
    });
  }

  /** For a service that publishes the metric `ImpossibleFact`. */
  watchImpossibleFacts(): void {
    this.#alarm('ImpossibleFacts', 'impossible-facts', {
      metric: businessMetric(this, this.#service, 'ImpossibleFact'),
      ...onceInQuarterHour,
      meaning: `${capitalized(this.#service)} received an event that contradicts its own record, such as a failed payment for a sold seat.`,
      action: 'Search its log for `Impossible fact` and decide about that booking. Do not redrive.',
      section: 'An impossible fact',
    });
  }

  #alarm(id: string, name: string, props: Omit<OperatorAlarmProps, 'name' | 'topic'>): void {
    const alarmName = `${serviceName(this, this.#service)}-${name}`;
    new OperatorAlarm(this, id, { ...props, name: alarmName, topic: this.#topic });
  }
}

/** How many messages a queue holds that nobody has received. */
function lengthOf(queue: Queue): Metric {
  return queue.metricApproximateNumberOfMessagesVisible({ period: minute, statistic: Stats.MAXIMUM });
}

/** For a rule of a custom bus, EventBridge's metrics have the dimensions EventBusName and RuleName. */
function ruleMetric(metricName: string, EventBusName: string, RuleName: string): Metric {
  const dimensionsMap = { EventBusName, RuleName };
  return new Metric({ namespace: 'AWS/Events', metricName, dimensionsMap, period: minute, statistic: Stats.SUM });
}

function capitalized(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

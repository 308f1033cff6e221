import { Duration, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { Rule, type IEventBus } from 'aws-cdk-lib/aws-events';
import { PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { SqsEventSource } from 'aws-cdk-lib/aws-lambda-event-sources';
import { Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import { StringParameter } from 'aws-cdk-lib/aws-ssm';
import { ruleNameOf, type Subscriptions } from '@airline/events-schemas/subscriptions';
import { Construct } from 'constructs';
import { countFromContext, parameterName, serviceName } from './names.ts';
import { NodeFunction } from './node-function.ts';
import { justify } from './policies/justify.ts';
import { grantPutEvents } from './put-events-policy.ts';
import { ServiceOperations } from './service-operations.ts';

export interface EventConsumerProps {
  /** The service's name, e.g. `seats`. */
  readonly service: string;
  /** Absolute path of the file that exports the consumer's `handler`. */
  readonly entry: string;
  readonly bus: IEventBus;
  /** The service's subscriptions. Each becomes one rule; the key is the rule's construct id and part of its name. */
  readonly hears: Subscriptions;
  /** Detail-types that the consumer may publish, with the source `airline.<service>`. */
  readonly says: readonly string[];
  /** Whether the consumer may send delayed messages to its own queue, for a timer or to postpone. @default false */
  readonly sendsToItself?: boolean;
  /** Whether the consumer publishes the metric `ImpossibleFact`. If so, an alarm watches it. @default false */
  readonly reportsImpossibleFacts?: boolean;
  readonly environment?: Record<string, string>;
  /** The function's timeout for one batch. @default 10 seconds */
  readonly timeout?: Duration;
  /** How many batches are handled at once, from 2 to 1,000. @default the context value `consumerConcurrency`, or 20 */
  readonly maxConcurrency?: number;
}

/** A maximum concurrency by a context value. Lambda allows 2 to 1,000. @throws Error when the value is another one */
export function concurrencyFromContext(scope: Construct, key: string, byDefault: number): number {
  return countFromContext(scope, key, { byDefault, minimum: 2, maximum: 1000 });
}

/**
 * Everything between the bus and a service's code: rules, queue, both dead-letter queues and the consumer function.
 * They belong to the consumer's stack, so a producer does not need to know its consumers.
 */
export class EventConsumer extends Construct {
  readonly function: NodeFunction;
  readonly queue: Queue;
  /** Messages that the consumer could not handle. */
  readonly deadLetters: Queue;
  /** Events that EventBridge could not put into the queue. */
  readonly undelivered: Queue;

  constructor(scope: Construct, id: string, props: EventConsumerProps) {
    super(scope, id);
    const { service, bus, timeout = Duration.seconds(10) } = props;
    const name = serviceName(this, service);

    this.deadLetters = this.#deadLetterQueue('DeadLetters', `${name}-dead-letters`);
    this.undelivered = this.#deadLetterQueue('Undelivered', `${name}-undelivered`);
    justify(
      this.undelivered,
      'AwsSolutions-SQS3',
      'It is the dead-letter queue of the rules’ targets, which cdk-nag does not look at.',
    );
    this.queue = new Queue(this, 'Queue', {
      queueName: name,
      encryption: QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
      // AWS recommends six times the function's timeout. With less, a slow batch is delivered again while it is
      // handled.
      visibilityTimeout: Duration.seconds(6 * timeout.toSeconds()),
      retentionPeriod: Duration.days(4),
      deadLetterQueue: { queue: this.deadLetters, maxReceiveCount: 5 },
      // Messages in this queue belong to open bookings, so the queue survives its stack. SQS also blocks the name of a
      // deleted queue for a minute.
      removalPolicy: RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE,
    });

    this.function = new NodeFunction(this, 'Function', {
      service,
      kind: 'consumer',
      entry: props.entry,
      timeout,
      description: `Handles what ${service} hears`,
      environment: {
        EVENT_BUS_NAME: bus.eventBusName,
        QUEUE_URL: this.queue.queueUrl,
        DEAD_LETTER_QUEUE_URL: this.deadLetters.queueUrl,
        ...props.environment,
      },
    });
    const maxConcurrency = props.maxConcurrency ?? concurrencyFromContext(this, 'consumerConcurrency', 20);
    this.function.addEventSource(
      new SqsEventSource(this.queue, { batchSize: 10, reportBatchItemFailures: true, maxConcurrency }),
    );
    this.deadLetters.grantSendMessages(this.function);
    if (props.sendsToItself) this.queue.grantSendMessages(this.function);
    grantPutEvents(this.function, { bus, source: `airline.${service}`, detailTypes: props.says });

    // Rules have names because an operator chooses the rules of a replay by name, and the metrics have the name as
    // dimension.
    for (const queue of [this.queue, this.undelivered]) this.#admitRules(queue, bus, name);
    for (const [ruleId, { source, detailTypes, detail }] of Object.entries(props.hears)) {
      const rule = new Rule(this, ruleId, {
        eventBus: bus,
        ruleName: ruleNameOf(name, ruleId),
        description: `${service} hears ${detailTypes.join(', ')} of ${source}`,
        eventPattern: { source: [source], detailType: [...detailTypes], ...(detail && { detail }) },
        targets: [
          // Not the CDK's SqsQueue: its queue policies refer to the rule, so the rule would be created before them.
          {
            bind: () => ({
              arn: this.queue.queueArn,
              deadLetterConfig: { arn: this.undelivered.queueArn },
              retryPolicy: { maximumEventAgeInSeconds: Duration.hours(24).toSeconds(), maximumRetryAttempts: 185 },
            }),
          },
        ],
      });
      // EventBridge does not retry an event that a queue's policy refuses. So rules are created last and deleted first.
      rule.node.addDependency(this.queue, this.undelivered, this.deadLetters, this.function);
    }

    const operations = ServiceOperations.of(this, service);
    operations.watchQueue({
      queue: this.queue,
      deadLetters: this.deadLetters,
      undelivered: this.undelivered,
      ruleNames: Object.keys(props.hears).map((ruleId) => ruleNameOf(name, ruleId)),
      busName: bus.eventBusName,
      // SQS delays a message by 15 minutes at most.
      longestDelay: Duration.minutes(props.sendsToItself ? 15 : 0),
    });
    if (props.reportsImpossibleFacts) operations.watchImpossibleFacts();

    // The operator's commands find the queues by these parameters.
    const parameters = {
      'queue-url': this.queue,
      'dead-letters-url': this.deadLetters,
      'undelivered-url': this.undelivered,
    };
    for (const [path, queue] of Object.entries(parameters)) {
      new StringParameter(this, `Parameter-${path}`, {
        parameterName: parameterName(this, service, path),
        stringValue: queue.queueUrl,
      });
    }
  }

  /**
   * Lets the service's rules on the bus send to the queue. It names them by their prefix, without reference to their
   * resources, so that the policy can exist before a new rule, and still admits a rule that is about to be deleted.
   */
  #admitRules(queue: Queue, bus: IEventBus, prefix: string): void {
    const rules = `${bus.eventBusName}/${prefix}-*`;
    const arn = Stack.of(this).formatArn({ service: 'events', resource: 'rule', resourceName: rules });
    queue.addToResourcePolicy(
      new PolicyStatement({
        principals: [new ServicePrincipal('events.amazonaws.com')],
        actions: ['sqs:SendMessage'],
        resources: [queue.queueArn],
        conditions: { ArnLike: { 'aws:SourceArn': arn } },
      }),
    );
  }

  /** Keeps messages for 14 days, the longest that SQS allows, so that an operator has time to notice and to repair. */
  #deadLetterQueue(id: string, queueName: string): Queue {
    return new Queue(this, id, {
      queueName,
      encryption: QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
      retentionPeriod: Duration.days(14),
      removalPolicy: RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE,
    });
  }
}

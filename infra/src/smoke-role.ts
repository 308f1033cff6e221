import { Stack } from 'aws-cdk-lib';
import { EventBus } from 'aws-cdk-lib/aws-events';
import { Construct } from 'constructs';
import { CommandRole } from './command-role.ts';
import { bookingServices, knownServices } from './known-services.ts';
import { airlineName, serviceName } from './names.ts';
import { justify } from './policies/justify.ts';
import { grantPutEvents } from './put-events-policy.ts';

/**
 * The role `airline-smoke`, with what `pnpm smoke` needs and nothing else. It may publish a flight and requests of
 * bookings, and send to every queue of a service: whoever has it can book in any passenger's name. Give it to the
 * pipeline of a deployment and to the operators.
 */
export class SmokeRole extends Construct {
  constructor(scope: Construct, id: string, { bus }: { bus: EventBus }) {
    super(scope, id);
    const arnOf = (service: string, resource: string, resourceName?: string): string =>
      Stack.of(this).formatArn({ service, resource, ...(resourceName !== undefined && { resourceName }) });
    const queues = knownServices.map((service) => serviceName(this, service));
    const deadLetters = queues.map((queue) => `${queue}-dead-letters`);
    const undelivered = queues.map((queue) => `${queue}-undelivered`);
    const queueArns = (names: string[]): string[] => names.map((name) => arnOf('sqs', name));
    const tables = bookingServices.map((service) => arnOf('dynamodb', 'table', serviceName(this, service)));

    const role = new CommandRole(this, 'Smoke', {
      name: 'smoke',
      description: 'For the smoke test of a deployment: books on a flight of its own and takes it back',
      secrets: ['payments/stripe-read-key'],
      permissions: [
        { actions: ['sqs:GetQueueAttributes'], resources: queueArns([...queues, ...deadLetters, ...undelivered]) },
        { actions: ['sqs:SendMessage'], resources: queueArns(queues) },
        {
          actions: ['sqs:ReceiveMessage', 'sqs:ChangeMessageVisibility'],
          resources: queueArns([...deadLetters, ...undelivered]),
        },
        { actions: ['sqs:DeleteMessage'], resources: queueArns(deadLetters) },
        {
          actions: ['dynamodb:Query'],
          resources: [...tables, arnOf('dynamodb', 'table', `${serviceName(this, 'seats')}/index/flights-by-route`)],
        },
        {
          actions: ['events:ListRules'],
          resources: ['*'],
          wide: 'EventBridge knows no resource for this action; it lists names and patterns, and no event.',
        },
        {
          actions: ['events:ListTargetsByRule'],
          resources: [arnOf('events', 'rule', `${bus.eventBusName}/*`)],
          wide: "The services' stacks name the rules; the pattern matches only those of this bus.",
        },
        {
          actions: ['cloudformation:ListStackResources'],
          resources: ['platform', ...knownServices].map((part) =>
            arnOf('cloudformation', 'stack', `${serviceName(this, part)}/*`),
          ),
          wide: 'The ARN of a stack ends with a random id; the pattern matches only stacks of this airline.',
        },
        {
          actions: ['cloudwatch:DescribeAlarms'],
          resources: [Stack.of(this).formatArn({ service: 'cloudwatch', resource: 'alarm:*' })],
          wide: 'CloudWatch authorizes a list of alarms for all alarms; it has names and states, and no data.',
        },
      ],
    });
    // As an interface: the class does not fit it under `exactOptionalPropertyTypes`.
    const ofBus = EventBus.fromEventBusArn(this, 'Bus', bus.eventBusArn);
    grantPutEvents(role, { bus: ofBus, source: 'airline.flights', detailTypes: ['FlightScheduled'] });
    grantPutEvents(role, {
      bus: ofBus,
      source: 'airline.bookings',
      detailTypes: ['BookingRequested', 'BookingCancelled'],
    });
    for (const finding of ['put-events foreign-source', 'put-events foreign-detail-type']) {
      justify(role, finding, `The smoke test of ${airlineName(this)} publishes a flight and books as customers do.`);
    }
  }
}

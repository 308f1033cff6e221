import type { SchemaFiles } from '@airline/events-schemas/compatibility/contract';
import type { SchemaObject } from '@airline/events-schemas/compatibility/json-schema';
import { stringify } from 'yaml';
import type { Flow, FlowEvent, FlowQueue, FlowService } from './flow.ts';

/**
 * The flow as an AsyncAPI document (https://www.asyncapi.com/docs/reference/specification/v3.0.0). The bus is a channel
 * to which services send; the queue of each service is a channel from which it receives. AsyncAPI has bindings for SQS
 * and none for EventBridge, so the rules are extensions of the receiving operations (`x-eventbridge-rules`). Schemas
 * are AsyncAPI's own superset of JSON Schema draft 7. The contract uses nothing newer.
 * @param release the number of the contract's latest release
 */
export function asyncApiOf(flow: Flow, schemas: SchemaFiles, release: number): string {
  const { airline, bus, services, events } = flow;
  const document = {
    asyncapi: '3.0.0',
    info: {
      title: `${airline}: seat booking`,
      version: String(release),
      description: 'Written by `pnpm flow --write` from the synthesized templates and the contract. Do not edit.',
      license: { name: 'MIT' },
      tags: owners(flow).map((name) => ({ name, description: `What ${name} owns.` })),
    },
    defaultContentType: 'application/json',
    servers: {
      eventBridge: {
        host: 'events.{region}.amazonaws.com',
        protocol: 'https',
        description: 'Amazon EventBridge takes the events (PutEvents).',
        variables: { region: { description: 'Region of AWS.' } },
      },
      sqs: {
        host: 'sqs.{region}.amazonaws.com',
        protocol: 'sqs',
        description: 'Amazon SQS keeps the messages of each service.',
        variables: { region: { description: 'Region of AWS.' } },
      },
    },
    channels: {
      bus: {
        address: bus,
        title: 'The event bus',
        servers: [ref('servers', 'eventBridge')],
        messages: Object.fromEntries(events.map((event) => [event.detailType, message(event)])),
      },
      ...Object.fromEntries(services.flatMap((service) => channelsOf(service, events))),
    },
    operations: Object.fromEntries(services.flatMap(operationsOf)),
    components: {
      messages: Object.fromEntries(events.map((event) => [event.detailType, messageOf(event)])),
      schemas: {
        ...commonSchemas(schemas),
        ...Object.fromEntries(events.map(({ detailType, schema }) => [detailType, plainSchema(schemas[schema]!)])),
      },
    },
  };
  return stringify(document, { lineWidth: 120, aliasDuplicateObjects: false });
}

function owners({ services, events }: Flow): string[] {
  return [...new Set([...services.map(({ name }) => name), ...events.map(({ owner }) => owner)])];
}

function ref(...path: readonly string[]): { $ref: string } {
  return { $ref: `#/${path.join('/')}` };
}

function message({ detailType }: Pick<FlowEvent, 'detailType'>): { $ref: string } {
  return ref('components', 'messages', detailType);
}

function channelsOf({ name, rules, queues }: FlowService, events: readonly FlowEvent[]): [string, unknown][] {
  return queues
    .filter(({ reader }) => reader !== undefined)
    .map((queue) => {
      const types = rules.filter((rule) => rule.queue === queue.name).flatMap(({ detailTypes }) => detailTypes);
      const heard = events.filter(({ detailType }) => types.includes(detailType));
      const dead = queues.find((other) => other.name === queue.deadLetters?.name);
      return [
        queue.name,
        {
          address: queue.name,
          title: `The queue of ${name}`,
          servers: [ref('servers', 'sqs')],
          messages: Object.fromEntries(heard.map((event) => [event.detailType, message(event)])),
          tags: [{ name }],
          bindings: {
            sqs: {
              queue: queueBinding(queue),
              ...(dead && { deadLetterQueue: queueBinding(dead) }),
              bindingVersion: '0.2.0',
            },
          },
        },
      ];
    });
}

function queueBinding({ name, visibilityTimeout, retention, deadLetters }: FlowQueue): object {
  return {
    name,
    fifoQueue: false,
    visibilityTimeout,
    messageRetentionPeriod: retention,
    ...(deadLetters && {
      redrivePolicy: { deadLetterQueue: { name: deadLetters.name }, maxReceiveCount: deadLetters.maxReceiveCount },
    }),
  };
}

function operationsOf({ name, says, rules, queues }: FlowService): [string, unknown][] {
  const sends: [string, unknown] = [
    `${name}-says`,
    {
      action: 'send',
      channel: ref('channels', 'bus'),
      title: `${name} says`,
      tags: [{ name }],
      messages: says.map((detailType) => ref('channels', 'bus', 'messages', detailType)),
    },
  ];
  const receives = queues
    .filter(({ reader }) => reader !== undefined)
    .map((queue): [string, unknown] => {
      const own = rules.filter((rule) => rule.queue === queue.name);
      const types = [...new Set(own.flatMap(({ detailTypes }) => detailTypes))];
      return [
        `${name}-hears`,
        {
          action: 'receive',
          channel: ref('channels', queue.name),
          title: `${name} hears`,
          tags: [{ name }],
          bindings: { sqs: { queues: [queueBinding(queue)], bindingVersion: '0.2.0' } },
          messages: types.map((detailType) => ref('channels', queue.name, 'messages', detailType)),
          'x-eventbridge-rules': own.map(({ name: rule, pattern, when, undelivered }) => ({
            name: rule,
            pattern,
            ...(when !== undefined && { when }),
            ...(undelivered !== undefined && { deadLetterQueue: undelivered }),
          })),
        },
      ];
    });
  return [...(says.length > 0 ? [sends] : []), ...receives];
}

function messageOf({
  detailType,
  source,
  owner,
  description,
  fromOutside,
  reads,
  personal,
  example,
}: FlowEvent): object {
  const payload = {
    type: 'object',
    description: 'The event as EventBridge delivers it. More fields than these may come.',
    required: ['source', 'detail-type', 'time', 'detail'],
    properties: {
      source: { const: source },
      'detail-type': { const: detailType },
      time: { type: 'string', format: 'date-time', description: 'When EventBridge took the event.' },
      detail: ref('components', 'schemas', detailType),
    },
  };
  return {
    name: detailType,
    title: detailType,
    summary: description,
    contentType: 'application/json',
    tags: [{ name: owner }],
    payload,
    examples: [
      {
        name: detailType,
        payload: { source, 'detail-type': detailType, time: '2026-12-01T09:30:00Z', detail: example },
      },
    ],
    'x-owner': owner,
    'x-from-outside': fromOutside,
    'x-readers': reads,
    'x-personal': personal,
  };
}

/** The definitions that schemas share, as schemas of their own. */
function commonSchemas(schemas: SchemaFiles): SchemaObject {
  const definitions = schemas['common.json']!.$defs as Record<string, SchemaObject>;
  return Object.fromEntries(Object.entries(definitions).map(([name, schema]) => [name, plainSchema(schema)]));
}

/**
 * A schema with references into this document, and without what belongs to its file. Before draft 2019-09 a `$ref`
 * hides what stands beside it, so that goes into an `allOf`.
 */
function plainSchema(schema: SchemaObject): SchemaObject {
  const { $schema: _, $id: __, title: ___, ...rest } = schema;
  return convert(rest) as SchemaObject;
}

function convert(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(convert);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(([key, child]) => [key, convert(child)] as const);
  const { $ref, ...beside } = Object.fromEntries(entries);
  if (typeof $ref !== 'string') return beside;
  const target = { $ref: $ref.replace(/^(common\.json)?#\/\$defs\//, '#/components/schemas/') };
  return Object.keys(beside).length === 0 ? target : { ...beside, allOf: [target] };
}

import { describe, expect, test } from '@jest/globals';
import { App, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { EventBus } from 'aws-cdk-lib/aws-events';
import path from 'node:path';
import { EventConsumer } from '../src/event-consumer.ts';
import { retainedNamedResources } from '../src/leftovers.ts';
import { ServiceTable } from '../src/service-table.ts';

describe('the resources that a removed stack leaves behind', () => {
  test('are its table and its queues, each with a fixed name', () => {
    const stack = new Stack(new App(), 'catering');
    new ServiceTable(stack, 'Table', { service: 'catering' });
    new EventConsumer(stack, 'Consumer', {
      service: 'catering',
      entry: path.join(import.meta.dirname, '..', '..', 'events-schemas', 'src', 'is-object.ts'),
      bus: EventBus.fromEventBusName(stack, 'Bus', 'airline'),
      hears: {},
      says: [],
    });
    const template = Template.fromStack(stack).toJSON();
    expect(retainedNamedResources(template).map(({ type, name }) => [type, name])).toEqual([
      ['AWS::DynamoDB::Table', 'airline-catering'],
      ['AWS::SQS::Queue', 'airline-catering-dead-letters'],
      ['AWS::SQS::Queue', 'airline-catering-undelivered'],
      ['AWS::SQS::Queue', 'airline-catering'],
    ]);
    // A retained resource that is missing from this list would make the next deployment fail.
    const retained = Object.values(
      (template as { Resources: Record<string, { DeletionPolicy?: string }> }).Resources,
    ).filter(({ DeletionPolicy = 'Delete' }) => DeletionPolicy.startsWith('Retain'));
    expect(retained).toHaveLength(4);
  });
});

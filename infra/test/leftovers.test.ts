import { describe, expect, test } from '@jest/globals';
import { App, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { EventBus } from 'aws-cdk-lib/aws-events';
import path from 'node:path';
import { EventConsumer } from '../src/event-consumer.ts';
import { retainedByName } from '../src/leftovers.ts';
import { ServiceTable } from '../src/service-table.ts';

describe('what a stack leaves behind', () => {
  test('is its table and its queues, each found by its name: everything of a service that has a memory', () => {
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
    expect(retainedByName(template).map(({ type, name }) => [type, name])).toEqual([
      ['AWS::DynamoDB::Table', 'airline-catering'],
      ['AWS::SQS::Queue', 'airline-catering-dead-letters'],
      ['AWS::SQS::Queue', 'airline-catering-undelivered'],
      ['AWS::SQS::Queue', 'airline-catering'],
    ]);
    // A retained resource that the return does not look for would be in its way.
    const retained = Object.values(
      (template as { Resources: Record<string, { DeletionPolicy?: string }> }).Resources,
    ).filter(({ DeletionPolicy = 'Delete' }) => DeletionPolicy.startsWith('Retain'));
    expect(retained).toHaveLength(4);
  });
});

import { App } from 'aws-cdk-lib';
import { Match } from 'aws-cdk-lib/assertions';
import { statementsOn } from '@airline/infra/test/support/policy-statements';
import { testServiceStack } from '@airline/infra/test/support/service-stack-contract';
import { describe, expect, test } from '@jest/globals';
import { SeatsStack } from '../infra/stack.ts';
import { flightIndexes } from '../src/dynamodb-flight-list.ts';
import { subscriptions } from '../src/subscriptions.ts';

const template = testServiceStack({
  service: 'seats',
  create: () => new SeatsStack(new App(), 'seats'),
  hears: subscriptions,
  says: ['SeatBooked', 'SeatUnavailable', 'SeatReleased'],
  routes: ['GET /flights', 'GET /flights/{flightId}/seats'],
});

describe('the seats stack', () => {
  test('may send the hold timer to its own queue, and knows how long a hold lasts', () => {
    const [queue] = Object.keys(
      template().findResources('AWS::SQS::Queue', { Properties: { QueueName: 'airline-seats' } }),
    );
    template().hasResourceProperties('AWS::IAM::Policy', {
      PolicyDocument: {
        Statement: Match.arrayWith([
          Match.objectLike({
            Action: Match.arrayWith(['sqs:ChangeMessageVisibility']),
            Resource: { 'Fn::GetAtt': [queue, 'Arn'] },
          }),
          Match.objectLike({
            Action: Match.arrayWith(['sqs:SendMessage']),
            Resource: { 'Fn::GetAtt': [queue, 'Arn'] },
          }),
        ]),
      },
    });
    template().hasResourceProperties('AWS::Lambda::Function', {
      Environment: {
        Variables: Match.objectLike({
          QUEUE_URL: { Ref: queue },
          HOLD_DEFAULT_SECONDS: '600',
          HOLD_GRACE_SECONDS: '60',
          HOLD_MAXIMUM_SECONDS: '86400',
        }),
      },
    });
  });

  test.each(['holdDefaultSeconds', 'holdGraceSeconds', 'holdMaximumSeconds'])(
    'refuses a %s that is no number of seconds',
    (name) => {
      const app = new App({ context: { [name]: '1m' } });
      expect(() => new SeatsStack(app, 'seats')).toThrow(
        `Context value ${name} must be a whole number of seconds from 0 to 86400; it is "1m".`,
      );
    },
  );

  test('has an index for a day, a route and a flight number, which the API may query and the consumer may not', () => {
    template().hasResourceProperties('AWS::DynamoDB::Table', {
      GlobalSecondaryIndexes: Object.entries(flightIndexes).map(([IndexName, [partitionKey, sortKey]]) => ({
        IndexName,
        KeySchema: [
          { AttributeName: partitionKey, KeyType: 'HASH' },
          { AttributeName: sortKey, KeyType: 'RANGE' },
        ],
        Projection: { ProjectionType: 'INCLUDE', NonKeyAttributes: ['flight'] },
      })),
    });
    const onIndexes = statementsOn(template(), 'dynamodb').filter((each) => JSON.stringify(each).includes('/index/'));
    expect(onIndexes.map(({ Action }) => Action)).toEqual(['dynamodb:Query']);
    const resources = JSON.stringify(onIndexes[0]!.Resource);
    for (const index of Object.keys(flightIndexes)) expect(resources).toContain(`/index/${index}"`);
  });

  test('has two functions of their own code', () => {
    const functions = Object.values(
      template().findResources('AWS::Lambda::Function', { Properties: { Runtime: 'nodejs24.x' } }),
    );
    const keys = functions.map(({ Properties }) => (Properties as { Code: { S3Key: string } }).Code.S3Key);
    expect(new Set(keys).size).toBe(2);
  });
});

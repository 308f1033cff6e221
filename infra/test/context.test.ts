import { App, Stack } from 'aws-cdk-lib';
import { EventBus } from 'aws-cdk-lib/aws-events';
import { Annotations, Match, Template } from 'aws-cdk-lib/assertions';
import { describe, expect, test } from '@jest/globals';
import { BusLog, busLogConfig } from '../src/bus-log.ts';
import { logLevel, logRetention } from '../src/log-settings.ts';
import { airlineName } from '../src/names.ts';
import { PlatformStack } from '../src/platform-stack.ts';

describe('the context values logLevel and logRetentionDays', () => {
  test('default to INFO and 30 days', () => {
    expect([logLevel(new App()), logRetention(new App())]).toEqual(['INFO', 30]);
  });

  test('can be set, and arrive as text', () => {
    const app = new App({ context: { logLevel: 'DEBUG', logRetentionDays: '90' } });
    expect([logLevel(app), logRetention(app)]).toEqual(['DEBUG', 90]);
  });

  test('are refused if the level or the number of days does not exist', () => {
    const app = new App({ context: { logLevel: 'loud', logRetentionDays: '31' } });
    expect(() => logLevel(app)).toThrow(
      'Context value logLevel must be one of DEBUG, INFO, WARN, ERROR; it is "loud".',
    );
    expect(() => logRetention(app)).toThrow(
      /^Context value logRetentionDays must be one of 1, 3, 5, 7, .*; it is "31"\.$/,
    );
  });
});

const platformWith = (context: Record<string, string>): PlatformStack =>
  new PlatformStack(new App({ context: { login: 'off', ...context } }), 'platform');
const templateOf = (context: Record<string, string>): Template => Template.fromStack(platformWith(context));

describe('the context values name and stage', () => {
  test.each<[Record<string, string>, string]>([
    [{}, 'airline'],
    [{ stage: 'production' }, 'airline'],
    [{ stage: 'staging' }, 'airline-staging'],
    [{ name: 'airline-test' }, 'airline-test'],
    [{ name: 'airline-test', stage: 'staging' }, 'airline-test-staging'],
  ])('%j begin every name with %s', (context, name) => {
    expect(airlineName(new App({ context }))).toBe(name);
    templateOf(context).hasResourceProperties('AWS::Events::EventBus', { Name: name });
  });

  test.each<[Record<string, string>, string]>([
    [{ stage: 'test' }, 'Context value stage must be staging or production; it is "test".'],
    [{ stage: '' }, 'Context value stage must be staging or production; it is "".'],
    [{ stage: 'Staging' }, 'Context value stage must be staging or production; it is "Staging".'],
    [{ name: 'Airline' }, 'Context value name must be 1 to 31 lower-case letters'],
    [{ name: 'airline-staging' }, 'type -c name=airline -c stage=staging.'],
    [{ name: 'airline-staging', stage: 'staging' }, 'type -c name=airline -c stage=staging.'],
  ])('%j are refused', (context, message) => {
    expect(() => templateOf(context)).toThrow(message);
  });

  test.each<[Record<string, string>, boolean]>([
    [{}, true],
    [{ alarmEmail: 'ops@airline.example' }, false],
    [{ stage: 'staging' }, false],
  ])('with %j, somebody is warned that no alarm reaches anybody: %j', (context, isWarned) => {
    const warnings = Annotations.fromStack(platformWith(context)).findWarning('*', Match.stringLikeRegexp('No alarm'));
    expect(warnings).toHaveLength(isWarned ? 1 : 0);
  });
});

describe('the alarms topic', () => {
  test('is encrypted with a key that CloudWatch may use, and has no subscriber by default', () => {
    const template = templateOf({});
    const [topic] = Object.values(template.findResources('AWS::SNS::Topic'));
    const { TopicName, KmsMasterKeyId } = topic!.Properties as {
      TopicName: string;
      KmsMasterKeyId: { 'Fn::GetAtt': [string] };
    };
    expect(TopicName).toBe('airline-alarms');
    const key = template.findResources('AWS::KMS::Key')[KmsMasterKeyId['Fn::GetAtt'][0]];
    expect(JSON.stringify(key)).toContain('cloudwatch.amazonaws.com');
    template.resourceCountIs('AWS::SNS::Subscription', 0);
  });

  test('has the address of alarmEmail as subscriber', () => {
    templateOf({ alarmEmail: 'ops@airline.example' }).hasResourceProperties('AWS::SNS::Subscription', {
      Protocol: 'email',
      Endpoint: 'ops@airline.example',
    });
  });

  test('refuses an alarmEmail that is not an address', () => {
    expect(() => templateOf({ alarmEmail: 'ops' })).toThrow(
      'Context value alarmEmail must be an email address such as ops@airline.example; it is "ops".',
    );
  });
});

describe('the context value busLogLevel', () => {
  test('is ERROR, and the events themselves are never logged', () => {
    expect(busLogConfig(new App())).toEqual({ level: 'ERROR', includeDetail: 'NONE' });
    expect(busLogConfig(new App({ context: { busLogLevel: 'TRACE' } }))).toEqual({
      level: 'TRACE',
      includeDetail: 'NONE',
    });
  });

  test('must be a level', () => {
    expect(() => busLogConfig(new App({ context: { busLogLevel: 'loud' } }))).toThrow(
      /^Context value busLogLevel must be one of .*; it is "loud"\.$/,
    );
  });
});

test.each([
  ['OFF', []],
  ['ERROR', ['ERROR_LOGS']],
  ['INFO', ['ERROR_LOGS', 'INFO_LOGS']],
  ['TRACE', ['ERROR_LOGS', 'INFO_LOGS', 'TRACE_LOGS']],
])('with busLogLevel %s the bus delivers its logs of %j to a log group', (busLogLevel, expected) => {
  const stack = new Stack(new App({ context: { busLogLevel } }), 'Platform');
  new BusLog(stack, 'Log', new EventBus(stack, 'Bus'));
  const template = Template.fromStack(stack);
  const types = Object.values(template.findResources('AWS::Logs::DeliverySource')).map(({ Properties }) =>
    String(Properties.LogType),
  );
  expect(types.sort()).toEqual(expected);
  template.resourceCountIs('AWS::Logs::Delivery', expected.length);
  template.resourceCountIs('AWS::Logs::LogGroup', expected.length === 0 ? 0 : 1);
});

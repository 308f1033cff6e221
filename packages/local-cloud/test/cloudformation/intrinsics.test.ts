import { describe, expect, test } from '@jest/globals';
import { evaluate, isConditionTrue, references } from '../../src/cloudformation/intrinsics.ts';
import type { Scope } from '../../src/cloudformation/intrinsics.ts';

const scope: Scope = {
  stackName: 'seats',
  where: 'stack seats: resource Queue',
  parameters: { BusName: 'airline', Zones: ['a', 'b'] },
  mappings: { Sizes: { small: { memory: 128 } } },
  conditions: {
    IsUsEast: { 'Fn::Equals': [{ Ref: 'AWS::Region' }, 'us-east-1'] },
    IsOther: { 'Fn::Not': [{ Condition: 'IsUsEast' }] },
    Both: { 'Fn::And': [{ Condition: 'IsUsEast' }, { Condition: 'IsOther' }] },
    Either: { 'Fn::Or': [{ Condition: 'IsUsEast' }, { Condition: 'IsOther' }] },
  },
  resources: new Map([
    ['Queue', { ref: 'http://localhost/queue', attributes: { Arn: 'arn:aws:sqs:us-east-1:000000000000:queue' } }],
  ]),
  parameterStore: (name) => (name === '/airline/bus' ? 'airline' : undefined),
};

const valueOf = (expression: unknown) => evaluate(expression, scope, 'Value');

describe('the value of', () => {
  test.each<[string, unknown, unknown]>([
    ['Ref of a parameter', { Ref: 'BusName' }, 'airline'],
    ['Ref of a resource', { Ref: 'Queue' }, 'http://localhost/queue'],
    ['Ref of a pseudo-parameter', { Ref: 'AWS::AccountId' }, '000000000000'],
    ['Fn::GetAtt as a list', { 'Fn::GetAtt': ['Queue', 'Arn'] }, 'arn:aws:sqs:us-east-1:000000000000:queue'],
    ['Fn::GetAtt as a string', { 'Fn::GetAtt': 'Queue.Arn' }, 'arn:aws:sqs:us-east-1:000000000000:queue'],
    ['Fn::Join', { 'Fn::Join': ['-', ['a', { Ref: 'BusName' }, 1]] }, 'a-airline-1'],
    ['Fn::Join of a list parameter', { 'Fn::Join': [',', { Ref: 'Zones' }] }, 'a,b'],
    ['Fn::Split', { 'Fn::Split': ['/', 'a/b/c'] }, ['a', 'b', 'c']],
    ['Fn::Select', { 'Fn::Select': [1, { 'Fn::Split': ['/', 'a/b/c'] }] }, 'b'],
    [
      'Fn::Sub with names',
      { 'Fn::Sub': '${BusName} ${Queue.Arn} ${!literal} ${AWS::Region}' },
      'airline arn:aws:sqs:us-east-1:000000000000:queue ${literal} us-east-1',
    ],
    [
      'Fn::Sub with variables',
      { 'Fn::Sub': ['${name}/${BusName}', { name: { Ref: 'AWS::StackName' } }] },
      'seats/airline',
    ],
    ['Fn::If', { 'Fn::If': ['IsUsEast', 'yes', 'no'] }, 'yes'],
    ['Fn::FindInMap', { 'Fn::FindInMap': ['Sizes', 'small', 'memory'] }, 128],
    ['Fn::Base64', { 'Fn::Base64': 'text' }, 'dGV4dA=='],
    ['a dynamic reference', 'bus {{resolve:ssm:/airline/bus}}', 'bus airline'],
    [
      'an ordinary object',
      { 'detail-type': ['SeatBooked'], detail: { seats: [{ exists: true }] } },
      { 'detail-type': ['SeatBooked'], detail: { seats: [{ exists: true }] } },
    ],
    ['AWS::NoValue in an object', { kept: 1, dropped: { Ref: 'AWS::NoValue' } }, { kept: 1 }],
    ['AWS::NoValue in a list', [1, { 'Fn::If': ['IsOther', 2, { Ref: 'AWS::NoValue' }] }], [1]],
  ])('%s', (_, expression, value) => {
    expect(valueOf(expression)).toEqual(value);
  });

  test('the other branch of Fn::If is not evaluated', () => {
    expect(valueOf({ 'Fn::If': ['IsOther', { Ref: 'Nothing' }, 'no'] })).toBe('no');
  });
});

test('conditions refer to other conditions', () => {
  expect(['IsUsEast', 'IsOther', 'Both', 'Either'].map((name) => isConditionTrue(name, scope))).toEqual([
    true,
    false,
    false,
    true,
  ]);
});

describe('an error names the problem and the place', () => {
  test.each<[unknown, string]>([
    [{ 'Fn::Cidr': ['10.0.0.0/16', 1] }, 'the local cloud does not support the function Fn::Cidr'],
    [{ 'Fn::ImportValue': 'x' }, 'Fn::ImportValue is not supported'],
    [{ Ref: 'Nothing' }, 'Ref Nothing refers to something that does not exist'],
    [{ 'Fn::GetAtt': ['Queue', 'Colour'] }, 'the local cloud does not support the attribute Colour of resource Queue'],
    [{ 'Fn::Select': [7, ['a']] }, 'Fn::Select: there is no element 7'],
    ['{{resolve:secretsmanager:key}}', 'the local cloud does not support {{resolve:secretsmanager:…}}'],
    ['{{resolve:ssm:/airline/nothing}}', 'there is no SSM parameter /airline/nothing'],
  ])('%j', (expression, message) => {
    expect(() => evaluate({ Targets: [{ Arn: expression }] }, scope, '')).toThrow(
      `stack seats: resource Queue: Targets[0].Arn: ${message}`,
    );
  });
});

test('references are found at every depth of an expression', () => {
  const expression = {
    a: { Ref: 'A' },
    b: [{ 'Fn::GetAtt': ['B', 'Arn'] }, { 'Fn::GetAtt': 'C.Arn' }],
    d: { 'Fn::Sub': ['${D} ${E.Arn} ${!F} ${local}', { local: { Ref: 'G' } }] },
    h: { 'Fn::If': ['Condition', { Ref: 'H' }, { 'Fn::Join': ['', [{ Ref: 'I' }]] }] },
  };
  expect([...references(expression)].sort()).toEqual(['A', 'B', 'C', 'D', 'E', 'G', 'H', 'I']);
});

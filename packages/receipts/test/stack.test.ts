import { App } from 'aws-cdk-lib';
import { Match } from 'aws-cdk-lib/assertions';
import { statementsOn } from '@airline/infra/test/support/policy-statements';
import { testServiceStack } from '@airline/infra/test/support/service-stack-contract';
import { describe, expect, test } from '@jest/globals';
import { ReceiptsStack } from '../infra/stack.ts';
import { subscriptions } from '../src/subscriptions.ts';

const template = testServiceStack({
  service: 'receipts',
  create: () => new ReceiptsStack(new App({ context: { receiptsFrom: 'tickets@fly.example' } }), 'receipts'),
  hears: subscriptions,
  says: ['ReceiptIssued'],
});

describe('the receipts stack', () => {
  test('may send mail from its own address only', () => {
    const [statement, ...others] = statementsOn(template(), 'ses');
    expect(others).toEqual([]);
    expect(statement).toMatchObject({
      Action: 'ses:SendEmail',
      Condition: { StringEquals: { 'ses:FromAddress': 'tickets@fly.example' } },
    });
    expect(JSON.stringify(statement!.Resource)).toMatch(/:identity\/tickets@fly\.example".*:identity\/fly\.example"/);
    template().hasResourceProperties('AWS::Lambda::Function', {
      Environment: { Variables: Match.objectLike({ RECEIPTS_FROM: 'tickets@fly.example' }) },
    });
  });

  test('reads and writes single items of its own table', () => {
    expect(statementsOn(template(), 'dynamodb').map(({ Action }) => Action)).toEqual([
      ['dynamodb:GetItem', 'dynamodb:PutItem', 'dynamodb:UpdateItem', 'dynamodb:DeleteItem'],
    ]);
  });

  const noAddresses = ['Airline <receipts@airline.example>', 'receipts', 'receipts@*', ''];
  test.each(noAddresses)('refuses the sender %j in a sentence', (receiptsFrom) => {
    const app = new App({ context: { receiptsFrom } });
    expect(() => new ReceiptsStack(app, 'receipts')).toThrow('Context value receiptsFrom must be');
  });
});

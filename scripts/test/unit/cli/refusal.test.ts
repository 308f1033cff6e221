import { expect, test } from '@jest/globals';
import { asRefusal } from '../../../cli/refusal.ts';

const refusal = (message: string, name = 'AccessDeniedException'): Error => Object.assign(new Error(message), { name });
const reader = 'User: arn:aws:sts::111122223333:assumed-role/airline-staging-reader/ada is not authorized to perform:';
const where = 'infra/README.md, *Roles of operators*, says what each role may do.';

test.each([
  [
    'SQS, which writes actions in small letters',
    `${reader} sqs:sendmessage on resource: arn:aws:sqs:eu-west-1:111122223333:airline-staging-seats because no identity-based policy allows it`,
    'Your role airline-staging-reader may not send messages to airline-staging-seats (sqs:SendMessage). ' +
      'A redrive with --confirm needs the role airline-staging-operator.',
  ],
  [
    'an emulator, which names the batch and not the resource',
    `${reader} sqs:DeleteMessageBatch because no identity-based policy allows the sqs:DeleteMessageBatch action`,
    'Your role airline-staging-reader may not delete messages from the dead-letter queue (sqs:DeleteMessage). ' +
      'A redrive or a drop with --confirm needs the role airline-staging-operator.',
  ],
  [
    'a call that no role of operators may make',
    `${reader} ssm:GetParameter on resource: arn:aws:ssm:eu-west-1:111122223333:parameter/airline-staging/payments/stripe-api-key because no …`,
    'Your role airline-staging-reader may not call ssm:GetParameter on parameter/airline-staging/payments/stripe-api-key ' +
      `(ssm:GetParameter). ${where}`,
  ],
  [
    'an operator whose role is not as it was deployed',
    'User: arn:aws:sts::1:assumed-role/airline-operator/ada is not authorized to perform: events:StartReplay on resource: arn:aws:events:eu-west-1:1:archive/x',
    `Your role airline-operator may not start a replay of archive/x (events:StartReplay). ${where}`,
  ],
  [
    'a user who may not assume the role',
    'User: arn:aws:iam::1:user/ada is not authorized to perform: sts:AssumeRole on resource: arn:aws:iam::1:role/airline-operator',
    `Your identity user/ada may not call sts:AssumeRole on role/airline-operator (sts:AssumeRole). ${where}`,
  ],
  [
    'a text in another form, shown without what acts on a terminal',
    'Access to the resource is denied.\u001b[2J',
    `AWS refuses this to you: Access to the resource is denied.\\u{1b}[2J ${where}`,
  ],
])('a refusal is put into words: %s', (_, message, words) => {
  expect(asRefusal(refusal(message))?.message).toBe(words);
});

test('any other error is none', () => {
  expect(asRefusal(refusal('x', 'ThrottlingException'))).toBeUndefined();
  expect(asRefusal('AccessDenied')).toBeUndefined();
});

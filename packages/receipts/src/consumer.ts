import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { SESv2Client } from '@aws-sdk/client-sesv2';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { slowTableCallMs, timed } from '@airline/messaging/calls';
import { type Consumer, consumerFromEnvironment } from '@airline/messaging/consume';
import { requireEnvironment } from '@airline/messaging/environment';
import { metricsFromEnvironment } from '@airline/messaging/metrics';
import { createDynamoDbReceiptStore } from './dynamodb-receipt-store.ts';
import { createHandlers } from './handlers.ts';
import { createMailGuard } from './mail-guard.ts';
import { createSesMailer, sesTimeLimits } from './ses-mailer.ts';

const client = new DynamoDBClient();
const tableName = requireEnvironment('RECEIPTS_TABLE_NAME');
const { once, registerLambdaContext } = createMailGuard(client, tableName);

const consume = consumerFromEnvironment(
  createHandlers({
    store: timed('table', createDynamoDbReceiptStore(DynamoDBDocumentClient.from(client), tableName), slowTableCallMs),
    mailer: timed(
      'mail',
      createSesMailer({
        client: new SESv2Client(sesTimeLimits),
        from: requireEnvironment('RECEIPTS_FROM'),
        configurationSet: requireEnvironment('CONFIGURATION_SET_NAME'),
      }),
    ),
    once,
    now: () => new Date(),
    onMailSent: (mail) => metricsFromEnvironment().count(mail),
  }),
);

export const handler: Consumer = (event, context) => {
  registerLambdaContext(context);
  return consume(event, context);
};

import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { SSMClient } from '@aws-sdk/client-ssm';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { slowTableCallMs, timed } from '@airline/messaging/calls';
import { type Consumer, consumerFromEnvironment } from '@airline/messaging/consume';
import { requireEnvironment } from '@airline/messaging/environment';
import { metricsFromEnvironment } from '@airline/messaging/metrics';
import { createChargeGuard } from './charge-guard.ts';
import { createDynamoDbPaymentStore } from './dynamodb-payment-store.ts';
import { createHandlers } from './handlers.ts';
import { createSecureParameter } from './secure-parameter.ts';
import { createStripePaymentProvider } from './stripe-payment-provider.ts';

const client = new DynamoDBClient();
const tableName = requireEnvironment('PAYMENTS_TABLE_NAME');
const { once, registerLambdaContext } = createChargeGuard(client, tableName);

const consume = consumerFromEnvironment(
  createHandlers({
    store: timed('table', createDynamoDbPaymentStore(DynamoDBDocumentClient.from(client), tableName), slowTableCallMs),
    provider: timed(
      'payment provider',
      createStripePaymentProvider({
        apiKey: createSecureParameter(new SSMClient(), requireEnvironment('STRIPE_API_KEY_PARAMETER')),
        url: process.env.STRIPE_API_URL,
      }),
    ),
    once,
    now: () => new Date(),
    onRecorded: metricsFromEnvironment().onRecorded,
  }),
);

export const handler: Consumer = (event, context) => {
  registerLambdaContext(context);
  return consume(event, context);
};

/**
 * Serves the AWS endpoint with the real queues. Tests cannot import them, since fauxqs is an ES module and jest runs
 * CommonJS. It prints its address on the first line, and runs until its standard input ends.
 */
import type { AddressInfo } from 'node:net';
import { createAwsEndpoint } from '../../src/aws-endpoint.ts';
import { EventBridge } from '../../src/event-bridge/event-bridge.ts';
import { Parameters } from '../../src/ssm/parameters.ts';
import { Queues } from '../../src/sqs/queues.ts';

const origin = { accountId: '000000000000', region: 'us-east-1' };
let address = '';
const queues = await Queues.start({ ...origin, endpoint: () => address });
const eventBridge = new EventBridge({
  ...origin,
  deliver: (...message) => queues.send(...message),
  // Some tests lose events on purpose; they read `/_local/lost-deliveries`.
  log: () => undefined,
});
const refuse = () => {
  throw new Error('not served here');
};
const server = createAwsEndpoint({
  eventBridge,
  lostDeliveries: () => eventBridge.lostDeliveries(),
  queues,
  parameters: new Parameters(),
  logs: { request: refuse },
  templateOf: refuse,
  dynamodb: refuse,
  mail: refuse,
  paymentProvider: refuse,
  isReady: () => true,
});

const { arn: deadLetterArn } = await queues.create('seats-dead-letters', {});
const { arn: queueArn } = await queues.create('seats', {
  VisibilityTimeout: '30',
  RedrivePolicy: JSON.stringify({ deadLetterTargetArn: deadLetterArn, maxReceiveCount: 2 }),
});
const { arn: deadLetterQueueArn } = await queues.create('seats-undelivered', {});
eventBridge.createEventBus('airline');
eventBridge.putRule({
  name: 'seats',
  eventBusName: 'airline',
  eventPattern: { 'detail-type': ['BookingRequested'] },
  state: 'ENABLED',
  targets: [{ id: 'queue', arn: queueArn, deadLetterQueueArn, maximumRetryAttempts: 3, maximumEventAgeSeconds: 60 }],
});

server.listen(0, '127.0.0.1', () => {
  address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  console.log(address);
});
process.stdin.resume().once('end', () => {
  void Promise.all([eventBridge.close(), queues.close()]);
  server.close();
  server.closeAllConnections();
});

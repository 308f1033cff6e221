/**
 * Serves the queues, a rule and the parameters of one service, seats, with the parts of the local cloud. It is a
 * process of its own because fauxqs is an ES module and jest runs CommonJS. It prints its port, and runs until its
 * input ends.
 */
import type { AddressInfo } from 'node:net';
import { createAwsEndpoint } from '@airline/local-cloud/aws-endpoint';
import { EventBridge } from '@airline/local-cloud/event-bridge/event-bridge';
import { Parameters } from '@airline/local-cloud/ssm/parameters';
import { Queues } from '@airline/local-cloud/sqs/queues';

const origin = { accountId: '000000000000', region: 'us-east-1' };
const refuse = (): never => {
  throw new Error('not served here');
};
let address = '';
const queues = await Queues.start({ ...origin, endpoint: () => address });
const parameters = new Parameters();
const eventBridge = new EventBridge({
  ...origin,
  deliver: (...message) => queues.send(...message),
  log: () => undefined,
});
const server = createAwsEndpoint({
  queues,
  parameters,
  templateOf: refuse,
  eventBridge,
  lostDeliveries: () => eventBridge.lostDeliveries(),
  logs: { request: refuse },
  dynamodb: refuse,
  mail: refuse,
  paymentProvider: refuse,
  isReady: () => true,
});

server.listen(0, '127.0.0.1', () => {
  const { port } = server.address() as AddressInfo;
  address = `http://127.0.0.1:${port}`;
  void prepare().then(() => console.log(port));
});
process.stdin.resume().once('end', () => {
  void Promise.all([eventBridge.close(), queues.close()]);
  server.close();
  server.closeAllConnections();
});

async function prepare(): Promise<void> {
  parameters.put('/airline/bus/name', 'airline');
  const { arn } = await queues.create('airline-seats-dead-letters', {});
  const redrive = JSON.stringify({ deadLetterTargetArn: arn, maxReceiveCount: 1 });
  const seats = await queues.create('airline-seats', { VisibilityTimeout: '0', RedrivePolicy: redrive });
  const undelivered = await queues.create('airline-seats-undelivered', {});
  eventBridge.createEventBus('airline');
  eventBridge.putRule({
    name: 'airline-seats-bookings',
    eventBusName: 'airline',
    eventPattern: { source: ['airline.bookings'] },
    state: 'ENABLED',
    targets: [
      {
        id: 'queue',
        arn: seats.arn,
        deadLetterQueueArn: undelivered.arn,
        maximumRetryAttempts: 0,
        maximumEventAgeSeconds: 60,
      },
    ],
  });
  const names = {
    'queue-url': 'airline-seats',
    'dead-letters-url': 'airline-seats-dead-letters',
    'undelivered-url': 'airline-seats-undelivered',
  };
  for (const [path, name] of Object.entries(names))
    parameters.put(`/airline/seats/${path}`, `${address}/${origin.accountId}/${name}`);
}

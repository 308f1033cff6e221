/**
 * Serves the queues and parameters of one service, seats, with the parts of the local cloud. It is a process of its
 * own because fauxqs is an ES module and jest runs CommonJS. It prints its port, and runs until its input ends.
 */
import type { AddressInfo } from 'node:net';
import { createAwsEndpoint } from '@airline/local-cloud/aws-endpoint';
import { Parameters } from '@airline/local-cloud/ssm/parameters';
import { Queues } from '@airline/local-cloud/sqs/queues';

const origin = { accountId: '000000000000', region: 'us-east-1' };
const refuse = (): never => {
  throw new Error('not served here');
};
let address = '';
const queues = await Queues.start({ ...origin, endpoint: () => address });
const parameters = new Parameters();
const server = createAwsEndpoint({
  queues,
  parameters,
  eventBridge: { request: refuse },
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
  void queues.close();
  server.close();
  server.closeAllConnections();
});

async function prepare(): Promise<void> {
  parameters.put('/airline/bus/name', 'airline');
  const { arn } = await queues.create('airline-seats-dead-letters', {});
  const redrive = JSON.stringify({ deadLetterTargetArn: arn, maxReceiveCount: 1 });
  await queues.create('airline-seats', { VisibilityTimeout: '0', RedrivePolicy: redrive });
  await queues.create('airline-seats-undelivered', {});
  const names = {
    'queue-url': 'airline-seats',
    'dead-letters-url': 'airline-seats-dead-letters',
    'undelivered-url': 'airline-seats-undelivered',
  };
  for (const [path, name] of Object.entries(names))
    parameters.put(`/airline/seats/${path}`, `${address}/${origin.accountId}/${name}`);
}

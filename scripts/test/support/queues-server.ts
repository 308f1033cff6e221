/**
 * Serves the queues, a rule, the logs and the parameters of one service, seats, with the parts of the local cloud. It
 * is a process of its own because fauxqs is an ES module and jest runs CommonJS. It prints its port, and runs until
 * its input ends. Each line of its input is an {@link Order}, and is answered with a line.
 */
import type { AddressInfo } from 'node:net';
import { createInterface } from 'node:readline';
import { createAwsEndpoint } from '@airline/local-cloud/aws-endpoint';
import { AwsError } from '@airline/local-cloud/aws-error';
import { EventBridge } from '@airline/local-cloud/event-bridge/event-bridge';
import { LogGroups } from '@airline/local-cloud/logs/log-groups';
import { Parameters } from '@airline/local-cloud/ssm/parameters';
import { Queues } from '@airline/local-cloud/sqs/queues';

/** What the process is told by its input. */
export interface Order {
  /** Lines for the log of the consumer of seats. */
  logged?: object[];
  /** For operations of CloudWatch Logs: how many more requests succeed before all fail. */
  failAfter?: Record<string, number>;
}

const origin = { accountId: '000000000000', region: 'us-east-1' };
const refuse = (): never => {
  throw new Error('not served here');
};
let address = '';
const queues = await Queues.start({ ...origin, endpoint: () => address });
const parameters = new Parameters();
const logs = new LogGroups();
logs.createGroup('/airline/operations');
const logOfSeats = logs.writer('airline-seats-consumer');
let failAfter: Record<string, number> = {};
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
  logs: {
    request: (action, input) => {
      const left = failAfter[action] ?? Infinity;
      if (left === 0) throw new AwsError('ServiceUnavailableException', 'the disk is full', 503);
      failAfter[action] = left - 1;
      return logs.request(action, input);
    },
  },
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
createInterface(process.stdin).on('line', (line) => {
  const order = JSON.parse(line) as Order;
  for (const each of order.logged ?? []) logOfSeats(`${JSON.stringify(each)}\n`);
  failAfter = order.failAfter ?? {};
  console.log('done');
});
process.stdin.once('end', () => {
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

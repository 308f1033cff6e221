import { appendFile, cp, mkdir, mkdtemp, readFile, rm, symlink } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { CloudFormationClient, DescribeStackResourcesCommand } from '@aws-sdk/client-cloudformation';
import { AssumeRoleCommand, AssumeRoleWithWebIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { BookingStatus } from '../../airline/follow-booking.ts';
import { type BookingRequest, type Customer, RunningAirline, until } from '../end-to-end/support/running-airline.ts';
import type { AirlinePlace } from '../end-to-end/support/airline-place.ts';
import { pipelineEnvironment, subjects } from '../end-to-end/support/pipeline-roles.ts';
import { type EmulatedAirline, startOnEmulator } from '../end-to-end/support/on-emulator.ts';
import { conformanceState } from '../../conformance/state.ts';
import { workspaceRoot } from '../../cli/workspace.ts';

const declined = 'pm_card_visa_chargeDeclined';
let place: EmulatedAirline;
let airline: RunningAirline;
let customer: Customer;

beforeAll(async () => {
  place = await startOnEmulator('deployment');
  airline = new RunningAirline(place);
  customer = await airline.customer('KL1002');
});
afterAll(async () => {
  await airline?.stop();
});

describe('the roles of the pipelines', () => {
  const accountId = '000000000000';
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), 'token-'));
  });
  afterAll(async () => rm(folder, { recursive: true }));

  /** Asks for credentials of a role with a token of GitHub. */
  async function assume(role: keyof typeof subjects, subject: string): Promise<AirlinePlace['clientConfig']> {
    const file = path.join(folder, 'token');
    const { AWS_ROLE_ARN } = pipelineEnvironment(role, file, { accountId, subject });
    const client = new STSClient(place.clientConfig);
    const { Credentials } = await client.send(
      new AssumeRoleWithWebIdentityCommand({
        RoleArn: AWS_ROLE_ARN,
        RoleSessionName: 'pipeline',
        WebIdentityToken: await readFile(file, 'utf8'),
      }),
    );
    client.destroy();
    const { AccessKeyId, SecretAccessKey, SessionToken } = Credentials!;
    return {
      ...place.clientConfig,
      credentials: { accessKeyId: AccessKeyId!, secretAccessKey: SecretAccessKey!, sessionToken: SessionToken! },
    };
  }

  test.each<[keyof typeof subjects, string, string]>([
    ['production', 'the environment staging', subjects.staging],
    ['production', 'a job without an environment', subjects.diff],
    ['staging', 'the environment production', subjects.production],
    ['diff', 'another branch', subjects.diff.replace('main', 'other')],
    ['diff', 'another repository', subjects.diff.replace('2002', '2003')],
    ['diff', 'a pull request', subjects.diff.replace('ref:refs/heads/main', 'pull_request')],
  ])('%s: not for %s', async (role, _, subject) => {
    await expect(assume(role, subject)).rejects.toThrow('Not authorized to perform sts:AssumeRoleWithWebIdentity');
  });

  test.each(['diff', 'staging', 'production'] as const)('%s: may itself read nothing', async (role) => {
    const client = new CloudFormationClient(await assume(role, subjects[role]));
    const asked = client.send(new DescribeStackResourcesCommand({ StackName: 'airline-seats' }));
    await expect(asked).rejects.toThrow(/not authorized to perform: cloudformation:DescribeStackResources/);
    client.destroy();
  });

  test.each(['deploy', 'file-publishing', 'cfn-exec'])("diff: does not get the CDK's %s role", async (name) => {
    const client = new STSClient(await assume('diff', subjects.diff));
    const RoleArn = `arn:aws:iam::${accountId}:role/cdk-hnb659fds-${name}-role-${accountId}-us-east-1`;
    const asked = client.send(new AssumeRoleCommand({ RoleArn, RoleSessionName: 'pipeline' }));
    await expect(asked).rejects.toThrow(/not authorized to perform: sts:AssumeRole/);
    client.destroy();
  });

  test('diff: shows what a deployment would change', async () => {
    expect(await place.diff('packages/seats')).toContain('There were no differences');
  });
});

describe('a new version of a service', () => {
  const word = 'the next version of seats has come';

  test('takes over while 200 bookings are in flight: all settle, and all parties agree', async () => {
    const asked = Array.from({ length: 200 }, (_, index) =>
      customer.request(index % 10 === 0 ? { payment: { method: declined, ...customer.fare } } : {}),
    );
    const mustFail = new Set(
      asked.filter(({ payment }) => payment.method === declined).map(({ bookingId }) => bookingId),
    );
    let publishing: Promise<unknown> | undefined;
    await place.deploy(await seatsThatSay(word), {}, (text) => {
      // The new code is in the account; a moment later CloudFormation takes it into use.
      if (text.includes('creating CloudFormation changeset')) {
        publishing ??= Promise.all(asked.map((each) => airline.publish('BookingRequested', each)));
      }
    });
    await publishing;
    const takenOverAt = await lastUpdateOf('airline-seats', 'ConsumerFunction');

    let inFlight = 0;
    for (const { bookingId } of asked) {
      const { status, timeline } = await airline.settled(bookingId);
      expect([bookingId, status]).toEqual([bookingId, mustFail.has(bookingId) ? 'PAYMENT_FAILED' : 'CONFIRMED']);
      const heard = timeline.map(({ heardAt }) => heardAt).sort();
      if (timeline[0]!.occurredAt < takenOverAt && heard.at(-1)! > takenOverAt) inFlight += 1;
    }
    console.log(`${inFlight} of 200 bookings were in flight when the new version took over.`);
    expect(inFlight).toBeGreaterThan(100);
    expect(await readFile(place.log, 'utf8')).toContain(word);
    expect((await airline.reconcile('1s')).report.findings).toEqual([]);
  });
});

/** A copy of the seats service whose code differs. @returns its folder, from the workspaceRoot of the repository */
async function seatsThatSay(word: string): Promise<string> {
  // The package's folder gives the service its name in logs.
  const to = path.join(conformanceState.nextVersion, 'seats');
  const from = path.join(workspaceRoot, 'packages', 'seats');
  await rm(to, { recursive: true, force: true });
  await mkdir(to, { recursive: true });
  for (const folder of ['src', 'infra']) await cp(path.join(from, folder), path.join(to, folder), { recursive: true });
  await symlink(path.join(from, 'node_modules'), path.join(to, 'node_modules'));
  await appendFile(path.join(to, 'src', 'consumer.ts'), `\nconsole.log(${JSON.stringify(word)});\n`);
  return path.relative(workspaceRoot, to);
}

/** When CloudFormation last changed a resource, by what its logical id begins with. */
async function lastUpdateOf(StackName: string, logicalId: string): Promise<string> {
  const client = new CloudFormationClient(place.clientConfig);
  const { StackResources = [] } = await client.send(new DescribeStackResourcesCommand({ StackName }));
  client.destroy();
  return StackResources.find(
    ({ ResourceType, LogicalResourceId }) =>
      ResourceType === 'AWS::Lambda::Function' && LogicalResourceId!.startsWith(logicalId),
  )!.Timestamp!.toISOString();
}

describe.each<[service: string, withoutIt: (bookingId: string) => Promise<boolean>]>([
  ['bookings', async (bookingId) => (await statusOf(bookingId)).settled === true],
  ['seats', async (bookingId) => (await statusOf(bookingId)).status === 'PAYMENT_OK'],
  ['payments', async (bookingId) => (await statusOf(bookingId)).status === 'SEAT_BOOKED'],
  ['receipts', async (bookingId) => (await statusOf(bookingId)).status === 'CONFIRMED'],
  ['status', async (bookingId) => (await airline.mailsTo(emailOf(bookingId))).length === 1],
])('the stack of %s', (service, others) => {
  const folder = `packages/${service}`;
  const neighbour = service === 'seats' ? 'status' : 'seats';

  test('is removed, and the others go on; it comes back, and nothing happens twice', async () => {
    const [before, during] = [customer.request(), customer.request()];
    await airline.publish('BookingRequested', before);
    expect((await airline.settled(before.bookingId)).status).toBe('CONFIRMED');
    // What waits for an operator must wait for the stack's return as well.
    await airline.send(service, 'this is not JSON');
    await until('it is a dead letter', async () => (await deadLetters(service)) === 1);

    await place.destroy(folder);
    // With another setting, so that there is something to deploy.
    await place.deploy(`packages/${neighbour}`, { consumerConcurrency: 3 });
    await airline.publish('BookingRequested', during);
    await until(`the others did their part without ${service}`, async () => others(during.bookingId));

    await Promise.all([place.deploy(folder), place.deploy(`packages/${neighbour}`)]);
    expect(await deadLetters(service)).toBe(1);
    // As a replay of the archive does it: what the service has missed, and what it has heard before.
    for (const request of [during, before]) await airline.publish('BookingRequested', request);
    for (const request of [during, before]) await expectBookedOnce(request);
    // A later booking that settles has passed every queue after the repetitions.
    const later = customer.request();
    await airline.publish('BookingRequested', later);
    for (const request of [later, during, before]) await expectBookedOnce(request);
    expect((await airline.reconcile('1s')).report.findings).toEqual([]);
  });
});

const emailOf = (bookingId: string): string => `${bookingId}@example.com`;

async function statusOf(bookingId: string): Promise<Partial<BookingStatus>> {
  return airline.get<Partial<BookingStatus>>(`/bookings/${bookingId}`);
}

async function deadLetters(service: string): Promise<number> {
  const { queues } = JSON.parse((await airline.command('dlq', 'list', '--json')).stdout) as {
    queues: { service: string; messages: number }[];
  };
  return queues.filter((queue) => queue.service === service).reduce((sum, { messages }) => sum + messages, 0);
}

async function expectBookedOnce({ bookingId, flightId, seats, payment }: BookingRequest): Promise<void> {
  expect((await airline.settled(bookingId)).status).toBe('CONFIRMED');
  expect(await airline.seat(flightId, seats[0]!)).toBe('sold');
  expect(await airline.charged(bookingId)).toEqual({ net: payment.amountMinor, charges: 1 });
  expect(await airline.mailsTo(emailOf(bookingId))).toHaveLength(1);
}

/** The commands of the runbook, as the roles that the platform's stack makes. The emulator enforces permissions. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { GetQueueAttributesCommand, type QueueAttributeName } from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type CommandResult, runCommand } from '../../cli/run-command.ts';
import type { Operations } from '../../operations/read-operations.ts';
import type { SmokeReport } from '../../smoke/run-smoke.ts';
import { type EmulatedAirline, startOnEmulator } from '../end-to-end/support/on-emulator.ts';
import { RunningAirline, until } from '../end-to-end/support/running-airline.ts';

const poison = 3;
let place: EmulatedAirline;
let airline: RunningAirline;
let folder: string;
let bookingId: string;

beforeAll(async () => {
  // The smoke test waits for the end of a hold.
  place = await startOnEmulator('roles', { holdGraceSeconds: 1 });
  airline = new RunningAirline(place);
  folder = await mkdtemp(path.join(os.tmpdir(), 'roles-'));
  await writeProfiles();
  const request = (await airline.customer('KL1001')).request();
  ({ bookingId } = request);
  await airline.publish('BookingRequested', request);
  expect((await airline.settled(bookingId)).status).toBe('CONFIRMED');
  for (let count = 0; count < poison; count += 1) await airline.send('seats', 'this is not JSON');
  await untilDead();
});
afterAll(async () => {
  await airline?.stop();
  if (folder !== undefined) await rm(folder, { recursive: true });
});

/** A profile for each role, as infra/README.md writes it. */
async function writeProfiles(): Promise<void> {
  const { region, credentials } = place.clientConfig;
  const profile = (role: string): string[] => [
    `[profile airline-${role}]`,
    `role_arn = arn:aws:iam::000000000000:role/airline-${role}`,
    'source_profile = me',
    `region = ${region}`,
  ];
  const me = [
    `aws_access_key_id = ${credentials.accessKeyId}`,
    `aws_secret_access_key = ${credentials.secretAccessKey}`,
  ];
  const lines = ['[profile me]', ...me, ...profile('reader'), ...profile('operator'), ...profile('smoke')];
  await writeFile(path.join(folder, 'config'), `${lines.join('\n')}\n`);
}

/** Runs a command with the profile of a role, and without other credentials. */
async function as(
  role: 'reader' | 'operator' | 'smoke',
  name: string,
  ...parameters: string[]
): Promise<CommandResult> {
  const { AWS_ACCESS_KEY_ID: _, AWS_SECRET_ACCESS_KEY: __, ...environment } = place.environment;
  const profile = { AWS_PROFILE: `airline-${role}`, AWS_CONFIG_FILE: path.join(folder, 'config') };
  const none = { AWS_SHARED_CREDENTIALS_FILE: path.join(folder, 'none') };
  return runCommand({ ...environment, ...profile, ...none }, name, ...parameters, '--target', 'aws');
}

/** The messages of a queue that anybody may receive now, and those that somebody has received. */
async function messagesIn(queue: string): Promise<{ visible: number; hidden: number }> {
  const AttributeNames: QueueAttributeName[] = ['ApproximateNumberOfMessages', 'ApproximateNumberOfMessagesNotVisible'];
  const QueueUrl = await airline.queueUrl(queue);
  const { Attributes = {} } = await airline.sqs.send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames }));
  const [visible, hidden] = AttributeNames.map((name) => Number(Attributes[name]));
  return { visible: visible!, hidden: hidden! };
}

async function untilDead(): Promise<void> {
  await until('all poison is dead', async () => (await messagesIn('seats-dead-letters')).visible === poison);
}

const file = (name: string): string => path.join(folder, `${name}.jsonl`);

describe.each(['reader', 'operator'] as const)('the role airline-%s', (role) => {
  test.each([
    ['dlq list', 'not-json'],
    ['operations', 'Nobody has redriven'],
    ['dlq show seats', 'not-json'],
    ['dlq redrive seats', 'will come back'],
    ['dlq export seats FILE', '3 messages of seats are in'],
    ['dlq drop seats FILE', '3 of them would be deleted'],
    ['reconcile --in-flight 0s', '1 booking'],
    ['status ID', 'CONFIRMED'],
    ['explain ID', 'Confirmed: seat'],
    ['trace ID', 'payments'],
    ['waiting', 'all are settled'],
    ['flights list', 'KL1001'],
  ])('runs pnpm %s', async (line, text) => {
    const [name, ...parameters] = line.replace('FILE', file(role)).replace('ID', bookingId).split(' ');
    const { code, stdout, stderr } = await as(role, name!, ...parameters);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toContain(text);
    // What `explain` may not read.
    expect(stdout).not.toContain('not read');
    expect(await messagesIn('seats-dead-letters')).toEqual({ visible: poison, hidden: 0 });
  });

  test('runs pnpm replay, up to the archive that the emulator does not have', async () => {
    const { code, stderr } = await as(role, 'replay', '--from', '1h');
    expect([code, stderr]).toEqual([1, expect.stringContaining('The bus airline has no archive.')]);
  });
});

test.each<[string, string[], string]>([
  ['redrive', ['seats'], 'add to'],
  ['drop', ['seats', 'reader'], 'add to'],
])(
  'the role airline-reader may not dlq %s with --confirm: it is told which role may, and nothing moves',
  async (...given) => {
    const [subcommand, [service, exported], what] = given;
    const parameters = [service!, ...(exported === undefined ? [] : [file(exported)])];
    const { code, stdout, stderr } = await as('reader', 'dlq', subcommand, ...parameters, '--confirm');
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toContain(`Your role airline-reader may not ${what}`);
    expect(stderr).toContain('with --confirm needs the role airline-operator.');
    expect(await messagesIn('seats-dead-letters')).toEqual({ visible: poison, hidden: 0 });
    expect(await messagesIn('seats')).toEqual({ visible: 0, hidden: 0 });
  },
);

test('the role airline-operator redrives, and drops what comes back', async () => {
  const redriven = await as('operator', 'dlq', 'redrive', 'seats', '--confirm', '--json');
  expect(JSON.parse(redriven.stdout)).toMatchObject({ redriven: poison, failed: [], doubled: [] });
  await untilDead();
  expect((await as('operator', 'dlq', 'export', 'seats', file('last'))).code).toBe(0);
  const dropped = await as('operator', 'dlq', 'drop', 'seats', file('last'), '--confirm', '--json');
  expect(JSON.parse(dropped.stdout)).toMatchObject({ dropped: poison, kept: 0, failed: [] });
  expect(await messagesIn('seats-dead-letters')).toEqual({ visible: 0, hidden: 0 });

  const { operations } = JSON.parse((await as('reader', 'operations', '--json')).stdout) as Operations;
  const who = expect.stringMatching(/:assumed-role\/airline-operator\//);
  expect(operations).toMatchObject([
    { who, command: 'dlq drop', end: { outcome: 'done', counts: { dropped: poison } } },
    { who, command: 'dlq redrive', filter: { service: 'seats' }, end: { counts: { redriven: poison } } },
  ]);
});

test('the role airline-smoke runs pnpm smoke; a reader is told that this role does', async () => {
  const { code, stdout, stderr } = await as('smoke', 'smoke', '--json');
  const { checks } = JSON.parse(stdout) as SmokeReport;
  expect(checks.filter(({ state }) => state !== 'passed')).toEqual([]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });

  const refused = await as('reader', 'smoke', '--json');
  expect(refused.code).toBe(1);
  const failed = (JSON.parse(refused.stdout) as SmokeReport).checks.filter(({ state }) => state === 'failed');
  expect(failed.find(({ name }) => name === 'flight')).toMatchObject({
    saw: expect.stringContaining('events:PutEvents'),
    next: expect.stringContaining('airline-smoke'),
  });
});

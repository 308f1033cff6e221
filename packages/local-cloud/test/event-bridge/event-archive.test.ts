import { beforeEach, describe, expect, test } from '@jest/globals';
import { EventBridge } from '../../src/event-bridge/event-bridge.ts';

const origin = 'arn:aws:events:us-east-1:000000000000';
const busArn = `${origin}:event-bus/airline`;
const archiveArn = `${origin}:archive/all`;
const start = Date.parse('2026-05-04T10:20:30Z');

interface Delivered {
  queue: string;
  detailType: string;
  id: string;
  'replay-name'?: string;
}

let delivered: Delivered[];
let now: number;
let eventBridge: EventBridge;
/** Ends the pause of a replay, and waits until it has delivered its next batch. */
let step: () => Promise<void>;

const putRule = (name: string, detailType: string) =>
  eventBridge.putRule({
    name,
    eventBusName: 'airline',
    eventPattern: { 'detail-type': [detailType] },
    state: 'ENABLED',
    targets: [
      {
        id: 'queue',
        arn: `arn:aws:sqs:us-east-1:000000000000:${name}`,
        maximumRetryAttempts: 0,
        maximumEventAgeSeconds: 60,
      },
    ],
  });
const put = (DetailType: string, count = 1) =>
  eventBridge.request('PutEvents', {
    Entries: Array.from({ length: count }, () => ({
      EventBusName: 'airline',
      Source: 'airline.seats',
      DetailType,
      Detail: '{}',
    })),
  });
const at = (milliseconds: number): number => milliseconds / 1000;
const startReplay = (overrides: object = {}) =>
  eventBridge.request('StartReplay', {
    ReplayName: 'again',
    EventSourceArn: archiveArn,
    EventStartTime: at(start - 1000),
    EventEndTime: at(now + 1000),
    Destination: { Arn: busArn },
    ...overrides,
  });
const stateOf = async (): Promise<string> =>
  ((await eventBridge.request('DescribeReplay', { ReplayName: 'again' })) as { State: string }).State;

beforeEach(() => {
  delivered = [];
  now = start;
  const waiting: (() => void)[] = [];
  step = async () => {
    waiting.splice(0).forEach((wake) => wake());
    await new Promise((resolve) => setImmediate(resolve));
  };
  eventBridge = new EventBridge({
    accountId: '000000000000',
    region: 'us-east-1',
    deliver: async (queueArn, body) => {
      const event = JSON.parse(body) as Delivered & { 'detail-type': string };
      delivered.push({ ...event, queue: queueArn.split(':').at(-1)!, detailType: event['detail-type'] });
    },
    log: () => undefined,
    timers: {
      now: () => now,
      random: () => 1,
      sleep: (_, signal) =>
        new Promise((resolve, reject) => {
          waiting.push(resolve);
          signal.addEventListener('abort', () => reject(new Error('aborted')));
        }),
    },
  });
  eventBridge.createEventBus('airline');
  eventBridge.createArchive({
    name: 'all',
    eventSourceArn: busArn,
    retentionDays: 30,
    eventPattern: { account: ['000000000000'] },
  });
  putRule('seats', 'SeatBooked');
  putRule('status', 'SeatBooked');
});

describe('a replay', () => {
  test('sends the archived events to the rules again, with its name, and does not archive them again', async () => {
    await put('SeatBooked', 2);
    delivered.length = 0;
    expect(await startReplay()).toMatchObject({ State: 'STARTING', ReplayArn: `${origin}:replay/again` });
    await step();
    expect(delivered.map(({ queue }) => queue).sort()).toEqual(['seats', 'seats', 'status', 'status']);
    expect(new Set(delivered.map((event) => event['replay-name']))).toEqual(new Set(['again']));
    await step();
    expect(await stateOf()).toBe('COMPLETED');
    expect(await eventBridge.request('DescribeArchive', { ArchiveName: 'all' })).toMatchObject({
      EventCount: 2,
      ArchiveArn: archiveArn,
    });
  });

  test('sends events only to the given rules', async () => {
    await put('SeatBooked');
    delivered.length = 0;
    await startReplay({ Destination: { Arn: busArn, FilterArns: [`${origin}:rule/airline/status`] } });
    await step();
    expect(delivered.map(({ queue }) => queue)).toEqual(['status']);
  });

  test('sends the events that arrived between its start and end time', async () => {
    await put('SeatBooked');
    now += 60_000;
    await put('SeatBooked');
    const second = delivered.at(-1)!.id;
    delivered.length = 0;
    await startReplay({ EventStartTime: at(start + 30_000) });
    await step();
    expect(new Set(delivered.map(({ id }) => id))).toEqual(new Set([second]));
  });

  test('can be cancelled while it runs', async () => {
    for (let batch = 0; batch < 12; batch++) await put('SeatBooked', 10);
    delivered.length = 0;
    await startReplay();
    await step();
    expect(await stateOf()).toBe('RUNNING');
    expect(await eventBridge.request('CancelReplay', { ReplayName: 'again' })).toMatchObject({ State: 'CANCELLING' });
    await step();
    expect(await stateOf()).toBe('CANCELLED');
    expect(delivered).toHaveLength(2 * 50);
    await expect(eventBridge.request('CancelReplay', { ReplayName: 'again' })).rejects.toMatchObject({
      code: 'IllegalStatusException',
    });
  });

  test.each<[string, object, string, string]>([
    [
      'of an archive that does not exist',
      { EventSourceArn: `${origin}:archive/none` },
      'ResourceNotFoundException',
      'Archive .*none does not exist',
    ],
    [
      'that ends before it starts',
      { EventEndTime: at(start - 2000) },
      'ValidationException',
      'EventStartTime must be before EventEndTime',
    ],
    [
      'to another bus',
      { Destination: { Arn: `${origin}:event-bus/default` } },
      'ValidationException',
      'the destination must be the bus of the archive',
    ],
    [
      'to a rule that does not exist',
      { Destination: { Arn: busArn, FilterArns: ['x'] } },
      'ValidationException',
      'no rule x',
    ],
  ])('%s is an error', async (_, overrides, code, message) => {
    const rejected = startReplay(overrides);
    await expect(rejected).rejects.toMatchObject({ code });
    await expect(rejected).rejects.toThrow(new RegExp(message));
  });

  test('needs a unique name', async () => {
    await startReplay();
    await expect(startReplay()).rejects.toMatchObject({ code: 'ResourceAlreadyExistsException' });
  });

  test('is cancelled when the local cloud stops', async () => {
    await put('SeatBooked');
    await startReplay();
    await eventBridge.close();
    expect(await stateOf()).toBe('CANCELLED');
  });
});

test('archives are listed by bus, replays by state', async () => {
  expect(await eventBridge.request('ListArchives', { EventSourceArn: busArn })).toMatchObject({
    Archives: [{ ArchiveName: 'all', RetentionDays: 30 }],
  });
  expect(await eventBridge.request('ListArchives', { EventSourceArn: 'arn:other' })).toMatchObject({ Archives: [] });
  await startReplay();
  expect(await eventBridge.request('ListReplays', { State: 'STARTING' })).toMatchObject({
    Replays: [{ ReplayName: 'again' }],
  });
});

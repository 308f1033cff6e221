import {
  type Archive,
  DescribeArchiveCommand,
  DescribeEventBusCommand,
  EventBridgeClient,
  ListArchivesCommand,
  ListRulesCommand,
} from '@aws-sdk/client-eventbridge';
import { describe, expect, test } from '@jest/globals';
import { mockClient } from 'aws-sdk-client-mock';
import type { Target } from '../../../airline/target.ts';
import { planReplay } from '../../../replay/plan-replay.ts';

const from = new Date('2026-12-01T09:00:00Z');
const to = new Date('2026-12-01T10:00:00Z');
const old: Archive = { ArchiveName: 'Events-old', State: 'ENABLED', CreationTime: new Date('2026-11-01T00:00:00Z') };
const current: Archive = {
  ArchiveName: 'Events-new',
  State: 'ENABLED',
  CreationTime: new Date('2026-11-30T00:00:00Z'),
};

/** The name of the archive that is chosen for a bus with these archives. */
async function chosen(archives: Archive[], archive?: string): Promise<string> {
  const eventBridge = new EventBridgeClient({ region: 'us-east-1' });
  const mock = mockClient(eventBridge);
  mock.on(DescribeEventBusCommand, { Name: 'airline' }).resolves({ Arn: 'bus-arn' });
  mock.on(ListArchivesCommand, { EventSourceArn: 'bus-arn' }).resolves({ Archives: archives });
  mock
    .on(DescribeArchiveCommand)
    .callsFake(({ ArchiveName }: { ArchiveName: string }) => ({ ArchiveArn: `arn:${ArchiveName}` }));
  mock.on(ListRulesCommand).resolves({ Rules: [{ Name: 'airline-seats-bookings', EventPattern: '{}', Arn: 'rule' }] });
  const target = {
    eventBridge,
    endpoint: 'http://localhost',
    parameters: async () => new Map([['bus/name', 'airline']]),
  } as unknown as Target;
  const plan = await planReplay(target, { from, to, rules: [], archive }, to.getTime());
  expect(plan.archive.arn).toBe(`arn:${plan.archive.name}`);
  return plan.archive.name;
}

describe('the archive of a replay', () => {
  test('is the only one of the bus', async () => {
    expect(await chosen([current])).toBe('Events-new');
    expect(await chosen([current], 'Events-new')).toBe('Events-new');
  });

  test('is the named one of several', async () => {
    expect(await chosen([old, current], 'Events-old')).toBe('Events-old');
    expect(await chosen([old, current], 'Events-new')).toBe('Events-new');
  });

  test('must be named if there are several; the message lists them, the newest first', async () => {
    await expect(chosen([old, current])).rejects.toThrow(
      'The bus airline has several archives. Choose one with --archive: ' +
        'Events-new (since 2026-11-30T00:00:00.000Z), Events-old (since 2026-11-01T00:00:00.000Z).',
    );
  });

  test.each([
    ['another name', [old, current]],
    ['one that is disabled', [{ ...old, State: 'DISABLED' as const }, current]],
  ])('cannot be %s', async (_, archives) => {
    const name = archives[0]!.State === 'DISABLED' ? 'Events-old' : 'Events-none';
    await expect(chosen(archives, name)).rejects.toThrow(`has no archive ${name} that is enabled. It has Events-new`);
  });

  test('is missing: the message says what creates one', async () => {
    await expect(chosen([])).rejects.toThrow('has no archive. The platform stack creates one');
  });
});

import { describe, expect, test } from '@jest/globals';
import { AwsError } from '../../src/aws-error.ts';
import { EventBridge } from '../../src/event-bridge/event-bridge.ts';
import type { RuleTarget } from '../../src/event-bridge/event-bridge.ts';
import { LocalCloudError } from '../../src/local-cloud-error.ts';
import type { DeliveryTimers } from '../../src/event-bridge/target-delivery.ts';

const QUEUE = 'arn:aws:sqs:us-east-1:000000000000:seats';
const DEAD_LETTERS = 'arn:aws:sqs:us-east-1:000000000000:seats-undelivered';
const RULE_ARN = 'arn:aws:events:us-east-1:000000000000:rule/airline/to-seats';

interface Sent {
  queueArn: string;
  body: string;
  attributes: Record<string, string> | undefined;
  traceHeader: string | undefined;
}

interface SetUpOptions {
  fail?: (queueArn: string, attempt: number) => Error | undefined;
  sleep?: DeliveryTimers['sleep'];
}

/** An EventBridge with a clock that only its pauses move. @param options.fail makes deliveries fail */
function setUp(options: SetUpOptions = {}) {
  const sent: Sent[] = [];
  const lines: string[] = [];
  const pauses: number[] = [];
  let attempts = 0;
  let now = Date.parse('2026-05-04T10:20:30.456Z');
  const eventBridge = new EventBridge({
    accountId: '000000000000',
    region: 'us-east-1',
    deliver: async (queueArn, body, attributes, traceHeader) => {
      const failure = options.fail?.(queueArn, ++attempts);
      if (failure) throw failure;
      sent.push({ queueArn, body, attributes, traceHeader });
    },
    log: (line) => lines.push(line),
    timers: {
      now: () => now,
      random: () => 1,
      sleep:
        options.sleep ??
        (async (milliseconds) => {
          pauses.push(milliseconds);
          now += milliseconds;
        }),
    },
  });
  eventBridge.createEventBus('airline', 'All events of the airline');
  const putRule = (rule: Partial<Parameters<EventBridge['putRule']>[0]> = {}) =>
    eventBridge.putRule({
      name: 'to-seats',
      eventBusName: 'airline',
      eventPattern: { 'detail-type': ['BookingRequested'] },
      state: 'ENABLED',
      targets: [target({ maximumRetryAttempts: 3 })],
      ...rule,
    });
  return { eventBridge, putRule, sent, lines, pauses, attempts: () => attempts };
}

const target = (fields: Partial<RuleTarget> = {}): RuleTarget => ({
  id: 'queue',
  arn: QUEUE,
  maximumRetryAttempts: 0,
  maximumEventAgeSeconds: 60,
  ...fields,
});

const entry = (fields: Record<string, unknown> = {}) => ({
  Source: 'airline.bookings',
  DetailType: 'BookingRequested',
  Detail: '{"data":{"bookingId":"b1"}}',
  EventBusName: 'airline',
  ...fields,
});

interface PutEventsAnswer {
  FailedEntryCount: number;
  Entries: { EventId?: string; ErrorCode?: string; ErrorMessage?: string }[];
}

const putEvents = (eventBridge: EventBridge, ...entries: unknown[]) =>
  eventBridge.request('PutEvents', { Entries: entries }) as Promise<PutEventsAnswer>;

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setImmediate(resolve));
}

describe('PutEvents', () => {
  test('delivers an event in the envelope of SQS targets', async () => {
    const { eventBridge, putRule, sent } = setUp();
    putRule();
    const answer = await putEvents(eventBridge, entry({ Resources: ['arn:r'], TraceHeader: 'Root=1-5759e988' }));
    await until(() => sent.length === 1);
    expect(answer).toEqual({ FailedEntryCount: 0, Entries: [{ EventId: expect.any(String) }] });
    expect(sent[0]).toEqual({ queueArn: QUEUE, body: expect.any(String), attributes: undefined });
    expect(JSON.parse(sent[0]?.body ?? '')).toEqual({
      version: '0',
      id: answer.Entries[0]?.EventId,
      'detail-type': 'BookingRequested',
      source: 'airline.bookings',
      account: '000000000000',
      time: '2026-05-04T10:20:30Z',
      region: 'us-east-1',
      resources: ['arn:r'],
      detail: { data: { bookingId: 'b1' } },
    });
  });

  test('sends a trace header with the event, to the queue and to its dead-letter queue, and drops an invalid one', async () => {
    const TraceHeader = 'Root=1-6a1b2c3d-4e5f60718293a4b5c6d7e8f9;Parent=00f067aa0ba902b7;Sampled=1';
    const fail = (queueArn: string) => (queueArn === QUEUE ? new AwsError('QueueDoesNotExist', 'gone') : undefined);
    for (const [failure, header, carried] of [
      [undefined, TraceHeader, TraceHeader],
      [fail, TraceHeader, TraceHeader],
      [undefined, 'nonsense', undefined],
    ] as const) {
      const { eventBridge, putRule, sent } = setUp(failure && { fail: failure });
      putRule({ targets: [target({ deadLetterQueueArn: DEAD_LETTERS })] });
      await putEvents(eventBridge, entry({ TraceHeader: header }));
      await until(() => sent.length === 1);
      expect(sent[0]).toMatchObject({ queueArn: failure ? DEAD_LETTERS : QUEUE, traceHeader: carried });
      expect(sent[0]!.body).not.toContain('Root=');
    }
  });

  test('uses the time of the entry, with a precision of one second', async () => {
    const { eventBridge, putRule, sent } = setUp();
    putRule();
    await putEvents(eventBridge, entry({ Time: 1767323045.9 }));
    await until(() => sent.length === 1);
    expect(JSON.parse(sent[0]?.body ?? '')).toMatchObject({ time: '2026-01-02T03:04:05Z' });
  });

  test.each([[true], [[1]], [{}], ['yesterday'], [1e20]])('refuses the time %j', async (Time) => {
    const { eventBridge } = setUp();
    await expect(putEvents(eventBridge, entry({ Time }))).rejects.toMatchObject({
      code: 'SerializationException',
    });
  });

  test('returns before a target has the event', async () => {
    let started = false;
    let release: () => void = () => undefined;
    const eventBridge = new EventBridge({
      accountId: '000000000000',
      region: 'us-east-1',
      deliver: () => {
        started = true;
        return new Promise((resolve) => (release = resolve));
      },
      log: () => undefined,
    });
    eventBridge.putRule({
      name: 'all',
      eventBusName: 'default',
      eventPattern: { source: [{ prefix: '' }] },
      state: 'ENABLED',
      targets: [target()],
    });
    await expect(putEvents(eventBridge, entry({ EventBusName: undefined }))).resolves.toMatchObject({
      FailedEntryCount: 0,
    });
    expect(started).toBe(true);
    release();
    await eventBridge.close();
  });

  test('rejects single entries with the errors of AWS, and accepts the other entries', async () => {
    const { eventBridge, putRule, sent } = setUp();
    putRule();
    const answer = await putEvents(
      eventBridge,
      entry({ Source: undefined }),
      entry({ DetailType: '' }),
      entry({ Detail: undefined }),
      entry({ Detail: 'not JSON' }),
      entry({ Detail: '["a list"]' }),
      entry({ Source: 'aws.s3' }),
      entry({ EventBusName: 'arn:aws:events:us-east-1:111111111111:event-bus/airline' }),
      entry({ EventBusName: 'arn:aws:events:eu-west-1:000000000000:event-bus/airline' }),
      entry(),
    );
    const missing = (name: string) => ({
      ErrorCode: 'InvalidArgument',
      ErrorMessage: `Parameter ${name} is not valid. Reason: ${name} is a required argument.`,
    });
    expect(answer).toEqual({
      FailedEntryCount: 8,
      Entries: [
        missing('Source'),
        missing('DetailType'),
        missing('Detail'),
        { ErrorCode: 'MalformedDetail', ErrorMessage: 'Detail is malformed.' },
        { ErrorCode: 'MalformedDetail', ErrorMessage: 'Detail is malformed.' },
        { ErrorCode: 'NotAuthorizedForSourceException', ErrorMessage: 'Not authorized for the source.' },
        { ErrorCode: 'AccessDeniedException', ErrorMessage: expect.stringContaining(':111111111111:event-bus') },
        { ErrorCode: 'InvalidArgument', ErrorMessage: 'Cross-region API call is not allowed.' },
        { EventId: expect.any(String) },
      ],
    });
    await until(() => sent.length === 1);
  });

  test('accepts a detail of 1,000 levels, and rejects the entry of a deeper one only', async () => {
    const { eventBridge, putRule, sent } = setUp();
    putRule();
    const nested = (levels: number, [open, close] = ['{"a":', '}']) =>
      `{"a":${open.repeat(levels - 2)}{}${close.repeat(levels - 2)}}`;
    const details = [nested(1000), nested(1001), nested(5000), nested(500_000, ['[', ']']), nested(3)];
    const { Entries } = await putEvents(eventBridge, ...details.map((Detail) => entry({ Detail })));
    expect(Entries.map(({ ErrorCode }) => ErrorCode)).toEqual([
      undefined,
      ...Array<string>(3).fill('MalformedDetail'),
      undefined,
    ]);
    await until(() => sent.length === 2);
    expect(JSON.stringify((JSON.parse(sent[0]!.body) as { detail: object }).detail)).toBe(nested(1000));
  });

  test.each([
    ['an empty bus name', '', "2 validation errors detected: Value '' at 'entries.2.member.eventBusName' failed"],
    ['a bus name with a space', 'a b', 'Member must satisfy regular expression pattern'],
    ['a bus name of 1,601 characters', 'x'.repeat(1601), 'Member must have length less than or equal to 1600'],
  ])('rejects a request with %s', async (_, EventBusName, message) => {
    const { eventBridge } = setUp();
    const refusal = putEvents(eventBridge, entry(), entry({ EventBusName }));
    await expect(refusal).rejects.toMatchObject({
      code: 'ValidationException',
      message: expect.stringContaining(message),
    });
  });

  test.each([
    ['no entries', { Entries: [] }, 'Member must have length greater than or equal to 1'],
    ['eleven entries', { Entries: Array(11).fill(entry()) }, 'Member must have length less than or equal to 10'],
    ['nothing at all', {}, 'Member must not be null'],
  ])('rejects a request with %s', async (_, input, constraint) => {
    const { eventBridge } = setUp();
    const refusal = eventBridge.request('PutEvents', input);
    await expect(refusal).rejects.toThrow(constraint);
    await expect(refusal).rejects.toMatchObject({ code: 'ValidationException', statusCode: 400 });
  });

  test('accepts 1 MiB of entries and not one byte more, counted as AWS counts', async () => {
    const { eventBridge } = setUp();
    // 16 + 16 bytes of source and detail-type, 14 of the time, 5 of the resource, 8 of the detail around its padding.
    const padding = (bytes: number) => 'x'.repeat(bytes - 16 - 16 - 14 - 5 - 8);
    const sized = (bytes: number) => entry({ Time: 0, Resources: ['arn:r'], Detail: `{"p":"${padding(bytes)}"}` });
    const half = 512 * 1024;
    await expect(putEvents(eventBridge, sized(half), sized(half))).resolves.toMatchObject({ FailedEntryCount: 0 });
    await expect(putEvents(eventBridge, sized(half), sized(half + 1))).rejects.toMatchObject({
      code: 'ValidationException',
      message: 'Total size of the entries in the request is over the limit.',
    });
  });

  test('succeeds for a bus that does not exist, and drops the event, as on AWS, but logs it', async () => {
    const { eventBridge, putRule, sent, lines } = setUp();
    putRule();
    await expect(putEvents(eventBridge, entry({ EventBusName: 'airlime' }))).resolves.toMatchObject({
      FailedEntryCount: 0,
    });
    expect(lines).toEqual([expect.stringContaining('airlime, which does not exist')]);
    expect(sent).toEqual([]);
  });

  test('accepts the ARN of a bus, and uses the default bus when the entry has none', async () => {
    const { eventBridge, putRule, sent } = setUp();
    putRule();
    putRule({ name: 'on-default', eventBusName: 'default' });
    const EventBusName = 'arn:aws:events:us-east-1:000000000000:event-bus/airline';
    await putEvents(eventBridge, entry({ EventBusName, Source: 'by.arn' }));
    await putEvents(eventBridge, entry({ EventBusName: undefined, Source: 'by.default' }));
    await until(() => sent.length === 2);
    expect(sent.map(({ body }) => (JSON.parse(body) as { source: string }).source)).toEqual(['by.arn', 'by.default']);
  });

  test('delivers to every target of every enabled rule that matches, and to no other', async () => {
    const { eventBridge, putRule, sent } = setUp();
    const to = (id: string) => target({ id, arn: `arn:aws:sqs:us-east-1:000000000000:${id}` });
    putRule({ name: 'two-targets', targets: [to('a'), to('b')] });
    putRule({ name: 'other-pattern', eventPattern: { 'detail-type': ['SeatBooked'] }, targets: [to('c')] });
    putRule({ name: 'off', state: 'DISABLED', targets: [to('d')] });
    await putEvents(eventBridge, entry());
    await eventBridge.request('EnableRule', { Name: 'off', EventBusName: 'airline' });
    await eventBridge.request('DisableRule', { Name: 'two-targets', EventBusName: 'airline' });
    await putEvents(eventBridge, entry());
    await until(() => sent.length === 3);
    expect(sent.map(({ queueArn }) => queueArn.split(':').at(-1))).toEqual(['a', 'b', 'd']);
  });

  test('delivers nothing for a rule that was removed by the API, and again once it is put back', async () => {
    const { eventBridge, putRule, sent } = setUp();
    const on = { EventBusName: 'airline' };
    putRule();
    const { Rules } = (await eventBridge.request('ListRules', on)) as { Rules: Record<string, unknown>[] };
    const { Targets } = (await eventBridge.request('ListTargetsByRule', { ...on, Rule: 'to-seats' })) as {
      Targets: object[];
    };
    await expect(eventBridge.request('DeleteRule', { ...on, Name: 'to-seats' })).rejects.toThrow('it has targets');
    await eventBridge.request('RemoveTargets', { ...on, Rule: 'to-seats', Ids: ['queue'] });
    await eventBridge.request('DeleteRule', { ...on, Name: 'to-seats' });
    await putEvents(eventBridge, entry({ Source: 'is.missed' }));

    const { Arn: _, ...rule } = Rules[0]!;
    expect(await eventBridge.request('PutRule', rule)).toEqual({ RuleArn: RULE_ARN });
    await putEvents(eventBridge, entry({ Source: 'has.no.target' }));
    await eventBridge.request('PutTargets', { ...on, Rule: 'to-seats', Targets });
    // A rule that is put again keeps its targets.
    await eventBridge.request('PutRule', rule);
    await putEvents(eventBridge, entry({ Source: 'is.delivered' }));
    await until(() => sent.length > 0);
    expect(sent.map(({ body }) => (JSON.parse(body) as { source: string }).source)).toEqual(['is.delivered']);
    expect(await eventBridge.request('ListTargetsByRule', { ...on, Rule: 'to-seats' })).toEqual({ Targets });
  });

  test.each<[what: string, action: string, input: object, code: string]>([
    ['a rule that does not exist', 'DeleteRule', { Name: 'nobody' }, 'ResourceNotFoundException'],
    ['a pattern that is no JSON', 'PutRule', { Name: 'x', EventPattern: '{' }, 'InvalidEventPatternException'],
    ['a pattern that EventBridge refuses', 'PutRule', { Name: 'x', EventPattern: '{"a":1}' }, 'ValidationException'],
    [
      'a state that the local cloud does not play',
      'PutRule',
      { Name: 'x', EventPattern: '{"a":["b"]}', State: 'ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS' },
      'ValidationException',
    ],
    [
      'a target that is no queue',
      'PutTargets',
      { Rule: 'to-seats', Targets: [{ Id: 'a', Arn: 'arn:aws:sns:us-east-1:1:t' }] },
      'ValidationException',
    ],
    [
      'a transformed target',
      'PutTargets',
      { Rule: 'to-seats', Targets: [{ Id: 'a', Arn: QUEUE, InputPath: '$' }] },
      'ValidationException',
    ],
    ['targets that are no list', 'PutTargets', { Rule: 'to-seats', Targets: 'a' }, 'SerializationException'],
  ])('refuses %s', async (_, action, input, code) => {
    const { eventBridge, putRule } = setUp();
    putRule();
    await expect(eventBridge.request(action, { EventBusName: 'airline', ...input })).rejects.toMatchObject({ code });
  });
});

describe('delivery to a target', () => {
  const broken = () => new Error('connection lost');
  const queueOnly = (arn: string) => (arn === QUEUE ? broken() : undefined);
  const deadLetterTarget = target({ deadLetterQueueArn: DEAD_LETTERS, maximumRetryAttempts: 3 });

  test('is retried with growing pauses until it succeeds', async () => {
    const { eventBridge, putRule, sent, pauses } = setUp({
      fail: (_, attempt) => (attempt < 4 ? broken() : undefined),
    });
    putRule();
    await putEvents(eventBridge, entry());
    await until(() => sent.length === 1);
    expect(pauses).toEqual([250, 500, 1000]);
  });

  test('goes to the dead-letter queue after the last retry, with the reason for an operator', async () => {
    const { eventBridge, putRule, sent, attempts } = setUp({ fail: queueOnly });
    putRule({ targets: [deadLetterTarget] });
    await putEvents(eventBridge, entry());
    await until(() => sent.length === 1);
    expect(attempts()).toBe(5);
    expect(sent[0]).toEqual({
      queueArn: DEAD_LETTERS,
      body: expect.stringContaining('"detail":{"data":{"bookingId":"b1"}}'),
      attributes: {
        RULE_ARN,
        TARGET_ARN: QUEUE,
        ERROR_CODE: 'INTERNAL_ERROR',
        ERROR_MESSAGE: 'connection lost',
        EXHAUSTED_RETRY_CONDITION: 'MaximumRetryAttempts',
        RETRY_ATTEMPTS: '3',
      },
    });
  });

  test('goes to the dead-letter queue when the event is too old for another retry', async () => {
    const { eventBridge, putRule, sent, pauses } = setUp({ fail: queueOnly });
    putRule({ targets: [{ ...deadLetterTarget, maximumRetryAttempts: 185, maximumEventAgeSeconds: 60 }] });
    await putEvents(eventBridge, entry());
    await until(() => sent.length === 1);
    expect(pauses).toEqual([250, 500, 1000, 2000, 4000, 8000, 16_000]);
    expect(sent[0]?.attributes).toMatchObject({
      EXHAUSTED_RETRY_CONDITION: 'MaximumEventAgeInSeconds',
      RETRY_ATTEMPTS: '7',
    });
  });

  test('goes to the dead-letter queue at once when its queue does not exist', async () => {
    const gone = new AwsError('QueueDoesNotExist', 'The specified queue does not exist.');
    const { eventBridge, putRule, sent, pauses } = setUp({ fail: (arn) => (arn === QUEUE ? gone : undefined) });
    putRule({ targets: [deadLetterTarget] });
    await putEvents(eventBridge, entry());
    await until(() => sent.length === 1);
    expect(pauses).toEqual([]);
    expect(sent[0]?.attributes).toEqual({
      RULE_ARN,
      TARGET_ARN: QUEUE,
      ERROR_CODE: 'NO_RESOURCE',
      ERROR_MESSAGE: 'The specified queue does not exist.',
      RETRY_ATTEMPTS: '0',
    });
  });

  test('that neither the queue nor its dead-letter queue takes is logged, counted and kept with both errors', async () => {
    const tooLong = new AwsError('InvalidParameterValue', 'Message must be shorter than 1048576 bytes.');
    const { eventBridge, putRule, lines } = setUp({ fail: (arn) => (arn === QUEUE ? broken() : tooLong) });
    putRule({ name: 'no-dead-letters' });
    putRule({ targets: [deadLetterTarget] });
    const { Entries } = await putEvents(eventBridge, entry());
    await until(() => lines.length === 2);
    expect(lines).toEqual(
      expect.arrayContaining([
        expect.stringContaining('has no dead-letter queue: the event is LOST to it'),
        expect.stringContaining('nor to its dead-letter queue (INVALID_PARAMETER: Message must be shorter'),
      ]),
    );
    const lost = {
      eventId: Entries[0]!.EventId,
      targetArn: QUEUE,
      error: { code: 'INTERNAL_ERROR', message: 'connection lost' },
      at: expect.stringMatching(/^2026-05-04T10:20:3/),
      body: expect.stringContaining('"bookingId":"b1"'),
    };
    const { count, deliveries } = eventBridge.lostDeliveries();
    expect(count).toBe(2);
    expect(deliveries).toEqual(
      expect.arrayContaining([
        { ...lost, ruleArn: expect.stringContaining('no-dead-letters') },
        { ...lost, ruleArn: RULE_ARN, deadLetterError: { code: 'INVALID_PARAMETER', message: tooLong.message } },
      ]),
    );
  });

  test('is no longer lost when a replay has brought it to the queue, or to the dead-letter queue', async () => {
    for (const repaired of [() => undefined, (arn: string) => (arn === QUEUE ? broken() : undefined)]) {
      let fail: NonNullable<SetUpOptions['fail']> = broken;
      const { eventBridge, putRule, sent, lines } = setUp({ fail: (...attempt) => fail(...attempt) });
      putRule({ targets: [deadLetterTarget] });
      const bus = 'arn:aws:events:us-east-1:000000000000:event-bus/airline';
      const { arn } = eventBridge.createArchive({ name: 'all', eventSourceArn: bus, retentionDays: 1 });
      await putEvents(eventBridge, entry());
      await until(() => lines.length === 1);
      expect(eventBridge.lostDeliveries().count).toBe(1);
      fail = repaired;
      await eventBridge.request('StartReplay', {
        ReplayName: 'again',
        EventSourceArn: arn,
        EventStartTime: '2026-05-04T10:00:00Z',
        EventEndTime: '2026-05-04T11:00:00Z',
        Destination: { Arn: bus },
      });
      await until(() => sent.length === 1);
      expect(eventBridge.lostDeliveries()).toEqual({ count: 0, deliveries: [] });
    }
  });

  test('to one target does not wait for another', async () => {
    const never: DeliveryTimers['sleep'] = (_, signal) =>
      new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(new Error('aborted'))));
    const other = 'arn:aws:sqs:us-east-1:000000000000:status';
    const { eventBridge, putRule, sent, attempts } = setUp({ fail: queueOnly, sleep: never });
    putRule();
    putRule({ name: 'to-status', targets: [{ ...deadLetterTarget, arn: other }] });
    await putEvents(eventBridge, entry());
    await until(() => sent.length === 1);
    expect(sent[0]?.queueArn).toBe(other);
    await eventBridge.close();
    expect(attempts()).toBe(2);
  });
});

describe('rules', () => {
  test.each([
    ['an unknown bus', { eventBusName: 'nowhere' }, 'nowhere, which does not exist'],
    [
      'a pattern that EventBridge rejects',
      { eventPattern: { source: 'x' } },
      'Rule to-seats: Event pattern is not valid.',
    ],
    [
      'a target that is not a queue',
      { targets: [target({ arn: 'arn:aws:lambda:us-east-1:000000000000:function:f' })] },
      'the local cloud delivers to SQS queues only, not to arn:aws:lambda',
    ],
    [
      'a bus of another account',
      { eventBusName: 'arn:aws:events:us-east-1:111111111111:event-bus/airline' },
      'event-bus/airline, which it cannot use: Not authorized',
    ],
    [
      'a bus of another region',
      { eventBusName: 'arn:aws:events:eu-west-1:000000000000:event-bus/airline' },
      'Cross-region',
    ],
    ['an empty bus name', { eventBusName: '' }, 'which it cannot use: 2 validation errors'],
    ['a pattern of 2,049 characters', { eventPattern: { source: ['x'.repeat(2049 - 15)] } }, 'It has 2049 characters'],
    [
      'six targets',
      { targets: Array.from({ length: 6 }, (_, id) => target({ id: String(id) })) },
      'has 6 targets; EventBridge allows 5',
    ],
    ['two targets with one id', { targets: [target(), target()] }, 'two targets with the id queue'],
    ['186 retries', { targets: [target({ maximumRetryAttempts: 186 })] }, 'MaximumRetryAttempts is 186'],
    ['a fraction of a retry', { targets: [target({ maximumRetryAttempts: 1.5 })] }, 'from 0 to 185'],
    ['an age of 59 s', { targets: [target({ maximumEventAgeSeconds: 59 })] }, 'MaximumEventAgeInSeconds is 59'],
    ['an age of over a day', { targets: [target({ maximumEventAgeSeconds: 86_401 })] }, 'from 60 to 86400'],
  ])('with %s are an error', (_, rule, sentence) => {
    const { putRule } = setUp();
    expect(() => putRule(rule)).toThrow(LocalCloudError);
    expect(() => putRule(rule)).toThrow(sentence);
  });

  test('at the limits are accepted', () => {
    const limits = [
      target({ id: '1', maximumRetryAttempts: 0, maximumEventAgeSeconds: 60 }),
      target({ id: '2', maximumRetryAttempts: 185, maximumEventAgeSeconds: 86_400 }),
      ...['3', '4', '5'].map((id) => target({ id })),
    ];
    const eventPattern = { source: ['x'.repeat(2048 - 15)] };
    expect(setUp().putRule({ eventPattern, targets: limits })).toMatchObject({ name: 'to-seats' });
  });

  test('are listed, described and found by their target', async () => {
    const { eventBridge, putRule } = setUp();
    const targets = [target({ deadLetterQueueArn: DEAD_LETTERS, maximumRetryAttempts: 3 })];
    putRule({ description: 'bookings to seats', targets });
    putRule({ name: 'other' });
    putRule({ name: 'to-status' });
    const described = {
      Name: 'to-seats',
      Arn: RULE_ARN,
      EventPattern: '{"detail-type":["BookingRequested"]}',
      State: 'ENABLED',
      Description: 'bookings to seats',
      EventBusName: 'airline',
    };
    const bus = { EventBusName: 'airline' };
    await expect(eventBridge.request('DescribeRule', { Name: 'to-seats', ...bus })).resolves.toEqual(described);
    const onePage = { NamePrefix: 'to-', Limit: 1, ...bus };
    const first = (await eventBridge.request('ListRules', onePage)) as { Rules: unknown[]; NextToken?: string };
    expect(first).toEqual({ Rules: [described], NextToken: expect.any(String) });
    const second = await eventBridge.request('ListRules', { ...onePage, NextToken: first.NextToken });
    expect(second).toEqual({ Rules: [expect.objectContaining({ Name: 'to-status' })], NextToken: undefined });
    await expect(eventBridge.request('ListTargetsByRule', { Rule: 'to-seats', ...bus })).resolves.toMatchObject({
      Targets: [
        {
          Id: 'queue',
          Arn: QUEUE,
          DeadLetterConfig: { Arn: DEAD_LETTERS },
          RetryPolicy: { MaximumRetryAttempts: 3, MaximumEventAgeInSeconds: 60 },
        },
      ],
    });
    await expect(eventBridge.request('ListRuleNamesByTarget', { TargetArn: QUEUE, ...bus })).resolves.toMatchObject({
      RuleNames: ['to-seats', 'other', 'to-status'],
    });
  });

  test('that do not exist, buses that do not exist and unsupported operations are errors that name them', async () => {
    const { eventBridge } = setUp();
    const rejected = (action: string, input: object) => expect(eventBridge.request(action, input)).rejects;
    await rejected('DescribeRule', { Name: 'x', EventBusName: 'airline' }).toThrow(
      'Rule x does not exist on EventBus airline.',
    );
    await rejected('ListRules', { EventBusName: 'nowhere' }).toMatchObject({ code: 'ResourceNotFoundException' });
    await rejected('DescribeRule', {}).toMatchObject({ code: 'ValidationException' });
    await rejected('CreateArchive', {}).toMatchObject({ code: 'UnknownOperationException' });
    await rejected('CreateArchive', {}).toThrow('CreateArchive');
  });

  test('can be on the default bus, which always exists', async () => {
    const { eventBridge } = setUp();
    await expect(eventBridge.request('DescribeEventBus', { Name: 'airline' })).resolves.toMatchObject({
      Name: 'airline',
      Arn: 'arn:aws:events:us-east-1:000000000000:event-bus/airline',
      Description: 'All events of the airline',
    });
    await expect(eventBridge.request('ListEventBuses', {})).resolves.toMatchObject({
      EventBuses: [{ Name: 'default' }, { Name: 'airline' }],
    });
  });
});

describe('TestEventPattern', () => {
  const event = {
    id: '1',
    account: '0',
    source: 's',
    time: 't',
    region: 'r',
    resources: [],
    'detail-type': 'BookingRequested',
  };
  const tryOut = (pattern: string, tested: unknown = event) =>
    setUp().eventBridge.request('TestEventPattern', { EventPattern: pattern, Event: JSON.stringify(tested) });

  test('returns whether the pattern matches', async () => {
    await expect(tryOut('{"detail-type":["BookingRequested"]}')).resolves.toEqual({ Result: true });
    await expect(tryOut('{"detail-type":["SeatBooked"]}')).resolves.toEqual({ Result: false });
  });

  test('rejects an invalid pattern, and an event without its envelope', async () => {
    await expect(tryOut('{"source":[]}')).rejects.toMatchObject({ code: 'InvalidEventPatternException' });
    await expect(tryOut('no JSON')).rejects.toMatchObject({ code: 'InvalidEventPatternException' });
    const lacking = 'it lacks id, account, time, region, resources, detail-type';
    await expect(tryOut('{"source":["s"]}', { source: 's' })).rejects.toThrow(lacking);
  });
});

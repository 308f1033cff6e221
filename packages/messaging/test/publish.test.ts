import {
  EventBridgeClient,
  EventBridgeServiceException,
  PutEventsCommand,
  type PutEventsRequestEntry,
  type PutEventsResultEntry,
} from '@aws-sdk/client-eventbridge';
import { type AirlineEvent, newEvent } from '@airline/events-schemas/events';
import { describe, expect, test } from '@jest/globals';
import { mockClient } from 'aws-sdk-client-mock';
import { randomUUID } from 'node:crypto';
import { createPublisher, PublishError, publishOrThrow } from '../src/publish.ts';

function receipt(receiptNumber = 'R-1'): AirlineEvent<'ReceiptIssued'> {
  const at = '2026-12-01T09:30:00Z';
  return newEvent('ReceiptIssued', { bookingId: randomUUID(), receiptNumber, issuedAt: at }, { occurredAt: at });
}

type Answer = (entries: readonly PutEventsRequestEntry[], request: number) => PutEventsResultEntry[];

/** A publisher whose EventBridge client answers each request with `answer`, and the requests that it sent. */
function busThatAnswers(answer: Answer) {
  const client = new EventBridgeClient();
  const bus = mockClient(client);
  const requests = (): PutEventsRequestEntry[][] =>
    bus.commandCalls(PutEventsCommand).map(({ args: [{ input }] }) => input.Entries!);
  bus.on(PutEventsCommand).callsFake(({ Entries }: { Entries: PutEventsRequestEntry[] }) => {
    const results = answer(Entries, requests().length);
    return { Entries: results, FailedEntryCount: results.filter(({ ErrorCode }) => ErrorCode).length };
  });
  const pauses: number[] = [];
  const sleep = async (milliseconds: number): Promise<void> => void pauses.push(milliseconds);
  return { bus, requests, pauses, publish: createPublisher({ client, busName: 'airline', sleep }) };
}

const acceptAll: Answer = (entries) => entries.map(() => ({ EventId: randomUUID() }));
const receiptNumbers = (entries: readonly PutEventsRequestEntry[]): string[] =>
  entries.map(({ Detail }) => (JSON.parse(Detail!) as AirlineEvent<'ReceiptIssued'>).data.receiptNumber);

function throttling(): EventBridgeServiceException {
  return new EventBridgeServiceException({
    name: 'ThrottlingException',
    message: 'Rate exceeded',
    $fault: 'client',
    $metadata: { httpStatusCode: 400 },
  });
}

describe('publishing', () => {
  test('each event of a request has its own trace, and an event without a trace has none', async () => {
    const { requests, publish } = busThatAnswers(acceptAll);
    const traced = (traceparent: string): AirlineEvent => {
      const event = receipt();
      return { ...event, metadata: { ...event.metadata, traceparent } };
    };
    await publish([
      traced(`00-${'a'.repeat(32)}-${'1'.repeat(16)}-01`),
      traced(`00-${'b'.repeat(32)}-${'2'.repeat(16)}-00`),
      receipt(),
    ]);
    expect(requests()[0]!.map(({ TraceHeader }) => TraceHeader)).toEqual([
      `Root=1-${'a'.repeat(8)}-${'a'.repeat(24)};Parent=${'1'.repeat(16)};Sampled=1`,
      `Root=1-${'b'.repeat(8)}-${'b'.repeat(24)};Parent=${'2'.repeat(16)};Sampled=0`,
      undefined,
    ]);
  });

  test('an entry has the source, detail-type, metadata and data of its event', async () => {
    const { requests, publish } = busThatAnswers(acceptAll);
    const event = receipt();
    expect(await publish([event])).toEqual([undefined]);
    const [entry] = requests()[0]!;
    expect(entry).toMatchObject({ EventBusName: 'airline', Source: 'airline.receipts', DetailType: 'ReceiptIssued' });
    expect(JSON.parse(entry!.Detail!)).toEqual({ metadata: event.metadata, data: event.data });
  });

  test('25 events are sent in three requests of at most ten', async () => {
    const { requests, publish } = busThatAnswers(acceptAll);
    expect(await publish(Array.from({ length: 25 }, () => receipt()))).toEqual(Array(25).fill(undefined));
    expect(requests().map(({ length }) => length)).toEqual([10, 10, 5]);
  });

  test('requests stay below the size limit', async () => {
    const { requests, publish } = busThatAnswers(acceptAll);
    const large = receipt();
    Object.assign(large.data, { addedLater: 'x'.repeat(100_000) });
    expect(await publish([large, large, large, large])).toEqual([undefined, undefined, undefined, undefined]);
    expect(requests().map(({ length }) => length)).toEqual([2, 2]);
  });

  test('no events: no request', async () => {
    const { bus, publish } = busThatAnswers(acceptAll);
    expect(await publish([])).toEqual([]);
    expect(bus.calls()).toEqual([]);
  });

  test.each<[string, unknown]>([
    ['no event', undefined],
    ['a value that JSON cannot express', { ...receipt(), data: { ...receipt().data, addedLater: 1n } }],
    ['an unknown type', { ...receipt(), type: 'NoSuchEvent' }],
  ])('a defect of one event fails that event only: %s', async (_, defect) => {
    const { requests, publish } = busThatAnswers(acceptAll);
    const outcomes = await publish([receipt('R-1'), defect as AirlineEvent, receipt('R-2')]);
    expect(outcomes).toEqual([undefined, expect.any(PublishError), undefined]);
    expect(requests().map(receiptNumbers)).toEqual([['R-1', 'R-2']]);
  });

  test('an event that breaks its schema is not sent', async () => {
    const { requests, publish } = busThatAnswers(acceptAll);
    const invalid = receipt('');
    const [outcome, valid] = await publish([invalid, receipt()]);
    expect(outcome?.message).toContain('/data/receiptNumber');
    expect(valid).toBeUndefined();
    expect(requests().map(({ length }) => length)).toEqual([1]);
  });
});

describe('PutEvents answers with failed entries', () => {
  test('one failed: that entry alone is sent again', async () => {
    const { requests, publish } = busThatAnswers((entries, request) =>
      acceptAll(entries, request).map((result, index) =>
        request === 1 && index === 1 ? { ErrorCode: 'ThrottlingException' } : result,
      ),
    );
    const events = [receipt('R-1'), receipt('R-2'), receipt('R-3')];
    expect(await publish(events)).toEqual([undefined, undefined, undefined]);
    expect(requests().map(receiptNumbers)).toEqual([['R-1', 'R-2', 'R-3'], ['R-2']]);
  });

  test('some failed in each of two requests: they are sent again together, and the outcomes keep their order', async () => {
    const failing = new Set(['R-2', 'R-9', 'R-11']);
    const { requests, publish } = busThatAnswers((entries, request) =>
      receiptNumbers(entries).map((number) =>
        failing.has(number) && (request <= 2 || number === 'R-9')
          ? { ErrorCode: 'InternalFailure', ErrorMessage: number }
          : { EventId: randomUUID() },
      ),
    );
    const outcomes = await publish(Array.from({ length: 12 }, (_, index) => receipt(`R-${index + 1}`)));
    expect(requests().slice(2).map(receiptNumbers)).toEqual([['R-2', 'R-9', 'R-11'], ['R-9']]);
    expect(outcomes.flatMap((outcome, index) => (outcome ? [[index, outcome.message]] : []))).toEqual([
      [8, 'EventBridge refused the event: InternalFailure R-9'],
    ]);
  });

  test('one fails three times: only its event has an error', async () => {
    const { requests, publish } = busThatAnswers((entries) =>
      entries.map(({ Detail }) =>
        Detail!.includes('R-2') ? { ErrorCode: 'InternalFailure', ErrorMessage: 'sorry' } : { EventId: 'x' },
      ),
    );
    const [first, second, third] = await publish([receipt('R-1'), receipt('R-2'), receipt('R-3')]);
    expect([first, third]).toEqual([undefined, undefined]);
    expect(second).toBeInstanceOf(PublishError);
    expect(second!.message).toContain('InternalFailure sorry');
    expect(requests().map(receiptNumbers)).toEqual([['R-1', 'R-2', 'R-3'], ['R-2'], ['R-2']]);
  });

  test('an entry that is missing from the answer failed', async () => {
    const { publish } = busThatAnswers(() => []);
    expect((await publish([receipt()]))[0]).toBeInstanceOf(PublishError);
  });

  test.each([
    'AccessDeniedException',
    'InvalidAccountIdException',
    'InvalidArgument',
    'MalformedDetail',
    'NotAuthorizedForDetailTypeException',
    'NotAuthorizedForSourceException',
    'RedactionFailure',
  ])('%s is final: the entry is not sent again, but the others that failed are', async (ErrorCode) => {
    const { requests, publish } = busThatAnswers((entries, request) =>
      receiptNumbers(entries).map((number) => {
        if (number === 'R-2') return { ErrorCode, ErrorMessage: 'no' };
        return number === 'R-3' && request === 1 ? { ErrorCode: 'InternalFailure' } : { EventId: randomUUID() };
      }),
    );
    const [first, second, third] = await publish([receipt('R-1'), receipt('R-2'), receipt('R-3')]);
    expect([first, third]).toEqual([undefined, undefined]);
    expect(second).toBeInstanceOf(PublishError);
    expect(second!.message).toBe(`EventBridge refused the event: ${ErrorCode} no`);
    expect(requests().map(receiptNumbers)).toEqual([['R-1', 'R-2', 'R-3'], ['R-3']]);
  });

  test.each(['InternalFailure', 'ThrottlingException', 'InternalException', 'ACodeOfTomorrow'])(
    '%s is tried three times',
    async (ErrorCode) => {
      const { requests, publish } = busThatAnswers((entries) => entries.map(() => ({ ErrorCode })));
      expect((await publish([receipt()]))[0]?.message).toContain(ErrorCode);
      expect(requests()).toHaveLength(3);
    },
  );

  test('a retry waits first: about 50 ms, then about 100 ms', async () => {
    const { pauses, publish } = busThatAnswers(() => []);
    await publish([receipt()]);
    expect(pauses).toHaveLength(2);
    const [first, second] = pauses as [number, number];
    // 50 ms and 100 ms, each times 0.5 to 1.5.
    expect([first >= 25 && first <= 75, second >= 50 && second <= 150]).toEqual([true, true]);
  });
});

describe('PutEvents throws', () => {
  test('a throttled request is sent again, whole', async () => {
    const { bus, requests, publish } = busThatAnswers(acceptAll);
    bus
      .on(PutEventsCommand)
      .rejectsOnce(throttling())
      .resolves({ FailedEntryCount: 0, Entries: [{ EventId: 'a' }, { EventId: 'b' }] });
    expect(await publish([receipt('R-1'), receipt('R-2')])).toEqual([undefined, undefined]);
    expect(requests().map(receiptNumbers)).toEqual([
      ['R-1', 'R-2'],
      ['R-1', 'R-2'],
    ]);
  });

  test('of several requests, only the throttled one is sent again', async () => {
    const { bus, requests, publish } = busThatAnswers(acceptAll);
    const accepted = (length: number) => ({ Entries: Array.from({ length }, () => ({ EventId: 'x' })) });
    bus.on(PutEventsCommand).resolvesOnce(accepted(10)).rejectsOnce(throttling()).resolves(accepted(5));
    const outcomes = await publish(Array.from({ length: 15 }, (_, index) => receipt(`R-${index + 1}`)));
    expect(outcomes).toEqual(Array(15).fill(undefined));
    expect(requests().map(({ length }) => length)).toEqual([10, 5, 5]);
  });

  test('throttled three times: every event of the request has the error, and its cause', async () => {
    const { bus, requests, publish } = busThatAnswers(acceptAll);
    const error = throttling();
    bus.on(PutEventsCommand).rejects(error);
    const outcomes = await publish([receipt(), receipt()]);
    for (const outcome of outcomes) {
      expect(outcome).toBeInstanceOf(PublishError);
      expect(outcome).toMatchObject({ message: 'PutEvents failed: Rate exceeded', cause: error });
    }
    expect(outcomes).toHaveLength(2);
    expect(requests()).toHaveLength(3);
  });

  test('a request that the role may not send is not sent again', async () => {
    const { bus, requests, pauses, publish } = busThatAnswers(acceptAll);
    const denied = new EventBridgeServiceException({
      name: 'AccessDeniedException',
      message: 'not authorized to perform: events:PutEvents',
      $fault: 'client',
      $metadata: { httpStatusCode: 400 },
    });
    bus.on(PutEventsCommand).rejects(denied);
    const [outcome] = await publish([receipt()]);
    expect(outcome).toMatchObject({ name: 'PublishError', cause: denied });
    expect([requests().length, pauses]).toEqual([1, []]);
  });

  test('a broken connection is tried three times, and then is the error of its events', async () => {
    const { requests, publish } = busThatAnswers(() => {
      throw new Error('socket hang up');
    });
    const [outcome] = await publish([receipt()]);
    expect(outcome?.message).toContain('socket hang up');
    expect(requests()).toHaveLength(3);
  });
});

test('publishing without a failure takes one request and no pause', async () => {
  const { pauses, publish, requests } = busThatAnswers(acceptAll);
  expect(await publish([receipt(), receipt()])).toEqual([undefined, undefined]);
  expect([requests().length, pauses]).toEqual([1, []]);
});

test('publishOrThrow throws when a later event was not published', async () => {
  const refuseLast: Answer = (entries) =>
    receiptNumbers(entries).map((number) => (number === 'R-2' ? { ErrorCode: 'InvalidArgument' } : { EventId: 'x' }));
  const { publish } = busThatAnswers(refuseLast);
  await expect(publishOrThrow(publish, [receipt('R-1'), receipt('R-2')])).rejects.toThrow(PublishError);
});

test('publishOrThrow throws when an event was not published', async () => {
  await expect(publishOrThrow(busThatAnswers(() => []).publish, [receipt()])).rejects.toThrow(PublishError);
  await expect(publishOrThrow(busThatAnswers(acceptAll).publish, [receipt()])).resolves.toBeUndefined();
});

import type { PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { type PutEventsResultEntry } from '@aws-sdk/client-eventbridge';
import { type AirlineEvent, newEvent } from '@airline/events-schemas/events';
import { describe, expect, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { createPublisher, PublishError, publishOrThrow } from '../src/publish.ts';

type Entries = NonNullable<PutEventsCommand['input']['Entries']>;

function receipt(receiptNumber = 'R-1'): AirlineEvent<'ReceiptIssued'> {
  const at = '2026-12-01T09:30:00Z';
  return newEvent('ReceiptIssued', { bookingId: randomUUID(), receiptNumber, issuedAt: at }, { occurredAt: at });
}

/** A bus that answers each request as told, and remembers what it was sent. */
function bus(answer: (entries: Entries, request: number) => PutEventsResultEntry[]) {
  const requests: Entries[] = [];
  const client = {
    send: async (command: PutEventsCommand) => {
      const entries = command.input.Entries!;
      requests.push(entries);
      const results = answer(entries, requests.length);
      return { Entries: results, FailedEntryCount: results.filter(({ ErrorCode }) => ErrorCode).length };
    },
  } as unknown as Parameters<typeof createPublisher>[0]['client'];
  return { requests, publish: createPublisher({ client, busName: 'airline', sleep: async () => {} }) };
}

const accept = (entries: Entries): PutEventsResultEntry[] => entries.map(() => ({ EventId: randomUUID() }));

describe('publishing', () => {
  test('each event of a request bears its own trace, and one without a trace bears none', async () => {
    const { requests, publish } = bus(accept);
    const traced = (traceparent: string): AirlineEvent => {
      const event = receipt();
      return { ...event, metadata: { ...event.metadata, traceparent } };
    };
    await publish([
      traced(`00-${'a'.repeat(32)}-${'1'.repeat(16)}-01`),
      traced(`00-${'b'.repeat(32)}-${'2'.repeat(16)}-00`),
      receipt(),
    ]);
    expect(requests[0]!.map(({ TraceHeader }) => TraceHeader)).toEqual([
      `Root=1-${'a'.repeat(8)}-${'a'.repeat(24)};Parent=${'1'.repeat(16)};Sampled=1`,
      `Root=1-${'b'.repeat(8)}-${'b'.repeat(24)};Parent=${'2'.repeat(16)};Sampled=0`,
      undefined,
    ]);
  });

  test('an event leaves with its source, detail-type, metadata and data', async () => {
    const { requests, publish } = bus(accept);
    const event = receipt();
    expect(await publish([event])).toEqual([undefined]);
    const [entry] = requests[0]!;
    expect(entry).toMatchObject({ EventBusName: 'airline', Source: 'airline.receipts', DetailType: 'ReceiptIssued' });
    expect(JSON.parse(entry!.Detail!)).toEqual({ metadata: event.metadata, data: event.data });
  });

  test('25 events leave in three requests of at most ten', async () => {
    const { requests, publish } = bus(accept);
    expect(await publish(Array.from({ length: 25 }, () => receipt()))).toHaveLength(25);
    expect(requests.map(({ length }) => length)).toEqual([10, 10, 5]);
  });

  test('requests stay below the size limit', async () => {
    const { requests, publish } = bus(accept);
    const large = receipt();
    Object.assign(large.data, { addedLater: 'x'.repeat(100_000) });
    expect(await publish([large, large, large, large])).toEqual([undefined, undefined, undefined, undefined]);
    expect(requests.map(({ length }) => length)).toEqual([2, 2]);
  });

  test('an entry that was refused for the moment is sent again, alone', async () => {
    const { requests, publish } = bus((entries, request) =>
      accept(entries).map((result, index) =>
        request === 1 && index === 1 ? { ErrorCode: 'ThrottlingException' } : result,
      ),
    );
    const events = [receipt('R-1'), receipt('R-2'), receipt('R-3')];
    expect(await publish(events)).toEqual([undefined, undefined, undefined]);
    expect(requests.map(({ length }) => length)).toEqual([3, 1]);
    expect(requests[1]![0]!.Detail).toContain('R-2');
  });

  test('an entry that keeps being refused is the failure of its event alone', async () => {
    const { publish } = bus((entries) =>
      entries.map(({ Detail }) =>
        Detail!.includes('R-2') ? { ErrorCode: 'InternalFailure', ErrorMessage: 'sorry' } : { EventId: 'x' },
      ),
    );
    const [first, second, third] = await publish([receipt('R-1'), receipt('R-2'), receipt('R-3')]);
    expect([first, third]).toEqual([undefined, undefined]);
    expect(second).toBeInstanceOf(PublishError);
    expect(second!.message).toContain('InternalFailure sorry');
  });

  test('an answer that leaves an entry out is a failure, not a success', async () => {
    const { publish } = bus(() => []);
    expect((await publish([receipt()]))[0]).toBeInstanceOf(PublishError);
  });

  test('a request that fails is tried again, and fails its events in the end', async () => {
    const { requests, publish } = bus(() => {
      throw new Error('socket hang up');
    });
    const [outcome] = await publish([receipt()]);
    expect(outcome?.message).toContain('socket hang up');
    expect(requests).toHaveLength(3);
  });

  test('an event that breaks its schema does not leave', async () => {
    const { requests, publish } = bus(accept);
    const broken = receipt('');
    const [outcome, fine] = await publish([broken, receipt()]);
    expect(outcome?.message).toContain('/data/receiptNumber');
    expect(fine).toBeUndefined();
    expect(requests.map(({ length }) => length)).toEqual([1]);
  });

  test('whoever has one thing to say gets an error when it did not get out', async () => {
    await expect(publishOrThrow(bus(() => []).publish, [receipt()])).rejects.toThrow(PublishError);
    await expect(publishOrThrow(bus(accept).publish, [receipt()])).resolves.toBeUndefined();
  });
});

import type { Message } from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { Target } from '../../../airline/target.ts';
import { countMessages, type DeadLetterQueue, peek } from '../../../dead-letters/dead-letters.ts';
import { matcher } from '../../../dead-letters/filters.ts';
import { redrive, willComeBack } from '../../../dead-letters/redrive.ts';
import {
  drain,
  envelope,
  failEntries,
  gaveUp,
  poison,
  put,
  refuse,
  RunningQueues,
  text,
} from '../../support/running-queues.ts';

let running: RunningQueues;
let target: Target;
let all: DeadLetterQueue[];
let unhandled: DeadLetterQueue;
let undelivered: DeadLetterQueue;

beforeAll(async () => {
  running = await RunningQueues.start();
});
afterAll(async () => {
  await running?.stop();
});
beforeEach(async () => {
  ({ target, all, unhandled, undelivered } = await running.emptied());
});

const bodies = (messages: Message[]): string[] => messages.map(({ Body }) => Body!).sort();

describe('a redrive', () => {
  test('moves every message back to its queue', async () => {
    const letters = gaveUp(25);
    await put(target, unhandled, letters);
    const progress: number[] = [];
    expect(await redrive(target, all, { onProgress: (redriven) => progress.push(redriven) })).toEqual({
      redriven: 25,
      failed: [],
      doubled: [],
      cameBack: 0,
      left: 0,
      hidden: 0,
      stopped: false,
    });
    expect(progress.at(-1)).toBe(25);
    expect(await countMessages(target, unhandled)).toBe(0);
    expect(bodies(await drain(target, unhandled.sourceUrl))).toEqual(
      letters.map(({ MessageBody }) => MessageBody).sort(),
    );
  });

  test('keeps the attributes of the message and removes those that were added for the dead-letter queue', async () => {
    const { MessageBody, MessageAttributes } = poison('x');
    await put(target, unhandled, [{ MessageBody, MessageAttributes: { ...MessageAttributes, tenant: text('blue') } }]);
    await redrive(target, all);
    const [message] = await drain(target, unhandled.sourceUrl);
    expect(message!.MessageAttributes).toEqual({ tenant: expect.objectContaining(text('blue')) });
  });

  test('moves an event that EventBridge could not deliver to the queue of its target', async () => {
    const attributes = {
      ERROR_CODE: text('NO_RESOURCE'),
      ERROR_MESSAGE: text('gone'),
      RULE_ARN: text('arn:rule'),
      RETRY_ATTEMPTS: text('185'),
    };
    const queueArn = 'arn:aws:sqs:us-east-1:000000000000:airline-seats';
    await put(target, undelivered, [
      {
        MessageBody: envelope('PaymentOk', 'missed'),
        MessageAttributes: { ...attributes, TARGET_ARN: text(queueArn) },
      },
    ]);
    expect((await redrive(target, all)).redriven).toBe(1);
    const [message] = await drain(target, undelivered.sourceUrl);
    expect(message!.Body).toBe(envelope('PaymentOk', 'missed'));
    expect(message!.MessageAttributes).toBeUndefined();
  });

  test("leaves an event whose target was not the service's own queue", async () => {
    await put(target, undelivered, [
      {
        MessageBody: '{}',
        MessageAttributes: { TARGET_ARN: text('arn:aws:sqs:us-east-1:000000000000:airline-payments') },
      },
    ]);
    const { redriven, failed } = await redrive(target, all);
    expect([redriven, failed.length, failed[0]!.error]).toEqual([0, 1, expect.stringContaining('airline-payments')]);
    expect(await countMessages(target, undelivered)).toBe(1);
  });

  test('moves only messages that match, and makes the others visible again', async () => {
    await put(target, unhandled, [...gaveUp(12, 'PaymentOk'), ...gaveUp(13, 'PaymentFailed')]);
    const result = await redrive(target, all, { matches: matcher({ detailType: 'PaymentFailed' }) });
    expect(result).toMatchObject({ redriven: 13, left: 12, hidden: 0 });
    expect((await peek(target, unhandled, 100)).map(({ detailType }) => detailType)).toEqual(
      Array(12).fill('PaymentOk'),
    );
    expect(await drain(target, unhandled.sourceUrl)).toHaveLength(13);
  });

  test('of one kind reads one queue only, with a maximum moves at most so many messages', async () => {
    await put(target, unhandled, gaveUp(15));
    await put(target, undelivered, gaveUp(15));
    expect((await redrive(target, [undelivered], { max: 12 })).redriven).toBe(12);
    expect(await countMessages(target, unhandled)).toBe(15);
    expect(await peek(target, undelivered, 100)).toHaveLength(3);
    expect((await redrive(target, all, { max: 4 })).redriven).toBe(4);
  });

  test('does not exceed its rate', async () => {
    await put(target, unhandled, gaveUp(11));
    const started = performance.now();
    expect((await redrive(target, all, { rate: 5 })).redriven).toBe(11);
    // 5 at once, 5 after a second, the last after two.
    expect(performance.now() - started).toBeGreaterThan(1990);
  });

  test('that is stopped finishes the current messages and loses none', async () => {
    await put(target, unhandled, gaveUp(40));
    const stopping = new AbortController();
    const result = await redrive(target, all, {
      signal: stopping.signal,
      onProgress: (redriven) => redriven >= 20 && stopping.abort(),
    });
    expect(result).toMatchObject({ redriven: 20, stopped: true, hidden: 0, failed: [], doubled: [] });
    const [back, left] = [await drain(target, unhandled.sourceUrl), await peek(target, unhandled, 100)];
    expect([...bodies(back), ...left.map(({ body }) => body)].sort()).toEqual(
      gaveUp(40)
        .map(({ MessageBody }) => MessageBody)
        .sort(),
    );
  });

  test('leaves a message that cannot be sent, reports it, and moves the others', async () => {
    const letters = gaveUp(10);
    await put(target, unhandled, letters);
    failEntries(target, 'SendMessageBatch', ({ MessageBody }) => MessageBody === letters[3]!.MessageBody);
    const result = await redrive(target, all);
    expect(result).toMatchObject({ redriven: 9, failed: [{ error: 'the disk is full' }], stopped: false });
    expect((await peek(target, unhandled, 100)).map(({ body }) => body)).toEqual([letters[3]!.MessageBody]);
    expect(await drain(target, unhandled.sourceUrl)).toHaveLength(9);
  });

  test('retries messages that fail for a moment', async () => {
    await put(target, unhandled, gaveUp(10));
    let failures = 2;
    failEntries(target, 'SendMessageBatch', ({ Id }) => Id === '0' && failures-- > 0);
    expect(await redrive(target, all)).toMatchObject({ redriven: 10, failed: [] });
    expect(await drain(target, unhandled.sourceUrl)).toHaveLength(10);
  });

  test('stops when a whole batch fails', async () => {
    await put(target, unhandled, gaveUp(30));
    failEntries(target, 'SendMessageBatch', () => true);
    const result = await redrive(target, all);
    expect(result).toMatchObject({ redriven: 0, stopped: true });
    expect(result.failed.length).toBeGreaterThan(0);
    expect(result.failed.length).toBeLessThanOrEqual(10);
    expect(await peek(target, unhandled, 100)).toHaveLength(30);
  });

  test('that AWS refuses to this role moves nothing, and says it once', async () => {
    await put(target, unhandled, gaveUp(12));
    const refused = running.target();
    refuse(refused, 'SendMessageBatch');
    await expect(redrive(refused, all)).rejects.toThrow(
      'Your role airline-reader may not send messages to airline-seats (sqs:SendMessage). ' +
        'A redrive with --confirm needs the role airline-operator.',
    );
    // Received letters are visible again.
    expect(await peek(target, unhandled, 100)).toHaveLength(12);
    expect(await drain(target, unhandled.sourceUrl)).toEqual([]);
  });

  test('whose role may send but not delete reports each message: both queues have it', async () => {
    await put(target, unhandled, gaveUp(2));
    const refused = running.target();
    refuse(refused, 'DeleteMessageBatch');
    const { redriven, doubled } = await redrive(refused, all);
    expect([redriven, doubled.map(({ error }) => error)]).toEqual([
      2,
      [1, 2].map(() => expect.stringContaining('Your role airline-reader may not delete messages from airline-seats')),
    ]);
    expect(await peek(target, unhandled, 100)).toHaveLength(2);
  });

  test('reports a message that it could not delete: both queues have it, and the next redrive moves it again', async () => {
    await put(target, unhandled, gaveUp(10));
    const failing = running.target();
    failEntries(failing, 'DeleteMessageBatch', ({ Id }) => Id === '3');
    const result = await redrive(failing, all);
    expect(result).toMatchObject({ redriven: 10, failed: [], doubled: [{ error: 'the disk is full' }] });
    expect(await countMessages(target, unhandled)).toBe(1);
    expect((await redrive(target, all)).redriven).toBe(1);
    expect(await drain(target, unhandled.sourceUrl)).toHaveLength(11);
  });

  test('does not redrive again a message that comes back at once', async () => {
    await put(target, unhandled, [poison('first'), poison('second')]);
    const consumer = new AbortController();
    const failing = (async () => {
      while (!consumer.signal.aborted) {
        const dead = await drain(target, unhandled.sourceUrl);
        await put(
          target,
          unhandled,
          dead.map(({ Body, MessageId }) => ({
            MessageBody: Body,
            MessageAttributes: { reason: text('not-json'), originalMessageId: text(MessageId!) },
          })),
        );
      }
    })();
    // Slow enough for the first message to come back before the second is sent.
    const result = await redrive(target, all, { rate: 1 });
    consumer.abort();
    await failing;
    expect(result.redriven).toBe(2);
    expect(await countMessages(target, unhandled)).toBe(2);
  });

  test('moves thousands, each once', async () => {
    await put(target, unhandled, gaveUp(3000));
    const result = await redrive(target, all, { matches: matcher({ detailType: 'PaymentOk' }) });
    expect(result).toMatchObject({ redriven: 3000, failed: [], doubled: [], left: 0 });
    expect(new Set(bodies(await drain(target, unhandled.sourceUrl))).size).toBe(3000);
  });

  test('will bring back poison, but possibly not what the consumer gave up on or did not get', async () => {
    await put(target, unhandled, [poison('x'), ...gaveUp(1)]);
    await put(target, undelivered, [
      { MessageBody: envelope('PaymentOk', 'b'), MessageAttributes: { ERROR_CODE: text('NO_RESOURCE') } },
    ]);
    const letters = [...(await peek(target, unhandled, 10)), ...(await peek(target, undelivered, 10))];
    expect(Object.fromEntries(letters.map((letter) => [letter.reason, willComeBack(letter)]))).toEqual({
      'not-json': true,
      'gave-up': false,
      NO_RESOURCE: false,
    });
  });
});

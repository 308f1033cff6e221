/**
 * Batch requests to SQS, which answers for each entry. Failed entries are retried, then reported to the caller. A call
 * that AWS refuses to this role is refused for every message, so it is thrown at once.
 */
import { DeleteMessageBatchCommand, type MessageAttributeValue, SendMessageBatchCommand } from '@aws-sdk/client-sqs';
import { batchSize } from './dead-letters.ts';
import type { Target } from '../airline/target.ts';
import { asRefusal } from '../cli/refusal.ts';

export interface Outgoing {
  body: string;
  attributes: Record<string, MessageAttributeValue>;
  traceHeader?: string;
}

/** The message's new id, or why it was not sent. */
export type Sent = { messageId: string } | { error: string };

interface Failure {
  Id: string | undefined;
  Message?: string | undefined;
  Code?: string | undefined;
  SenderFault: boolean | undefined;
}

const maximumAttempts = 3;
const firstPauseMilliseconds = 200;
/** SQS limits the sum of a batch. This is below the limit of every region and emulator. */
const maximumBatchBytes = 250_000;

/**
 * Sends messages to a queue.
 * @returns the outcome of each message, in their order
 * @throws only AWS's refusal
 */
export async function sendAll(target: Target, queueUrl: string, messages: readonly Outgoing[]): Promise<Sent[]> {
  const sent: Sent[] = messages.map(() => ({ error: 'not tried' }));
  for (const group of grouped(messages)) {
    await tryEach(
      group,
      async (indexes) => {
        const { Successful = [], Failed = [] } = await target.sqs.send(
          new SendMessageBatchCommand({
            QueueUrl: queueUrl,
            Entries: indexes.map((index) => {
              const { body, attributes, traceHeader } = messages[index]!;
              return {
                Id: String(index),
                MessageBody: body,
                ...(Object.keys(attributes).length > 0 && { MessageAttributes: attributes }),
                ...(traceHeader !== undefined && {
                  MessageSystemAttributes: { AWSTraceHeader: { DataType: 'String', StringValue: traceHeader } },
                }),
              };
            }),
          }),
        );
        for (const { Id, MessageId } of Successful) sent[Number(Id)] = { messageId: MessageId! };
        return Failed;
      },
      (index, error) => (sent[index] = { error }),
    );
  }
  return sent;
}

/**
 * Deletes messages from a queue.
 * @returns for each receipt handle the error, or undefined if it was deleted
 * @throws only AWS's refusal
 */
export async function deleteAll(
  target: Target,
  queueUrl: string,
  receiptHandles: readonly string[],
): Promise<(string | undefined)[]> {
  const errors: (string | undefined)[] = receiptHandles.map(() => undefined);
  for (let index = 0; index < receiptHandles.length; index += batchSize) {
    const group = receiptHandles.slice(index, index + batchSize).map((_, offset) => index + offset);
    await tryEach(
      group,
      async (indexes) => {
        const entries = indexes.map((each) => ({ Id: String(each), ReceiptHandle: receiptHandles[each] }));
        return (
          (await target.sqs.send(new DeleteMessageBatchCommand({ QueueUrl: queueUrl, Entries: entries }))).Failed ?? []
        );
      },
      (each, error) => (errors[each] = error),
    );
  }
  return errors;
}

/** Tries a batch, then up to twice its failed entries. When a whole request fails, all of its entries have failed. */
async function tryEach(
  indexes: number[],
  attempt: (indexes: number[]) => Promise<Failure[]>,
  giveUp: (index: number, error: string) => void,
): Promise<void> {
  let waiting = indexes;
  for (let tried = 1; waiting.length > 0; tried += 1) {
    const failed = await attempt(waiting).catch((error: Error): Failure[] => {
      const refusal = asRefusal(error);
      if (refusal) throw refusal;
      return waiting.map((index) => ({
        Id: String(index),
        Code: error.name,
        Message: error.message,
        SenderFault: false,
      }));
    });
    const lost = failed.filter(({ SenderFault }) => SenderFault === true || tried === maximumAttempts);
    for (const { Id, Code, Message } of lost) giveUp(Number(Id), Message ?? Code ?? 'SQS gave no reason');
    waiting = failed.filter((failure) => !lost.includes(failure)).map(({ Id }) => Number(Id));
    if (waiting.length > 0)
      await new Promise((resolve) => setTimeout(resolve, firstPauseMilliseconds * 2 ** (tried - 1)));
  }
}

/** Groups the indexes of messages so that each group fits into one request. */
function grouped(messages: readonly Outgoing[]): number[][] {
  const groups: number[][] = [];
  let bytes = 0;
  for (const [index, { body, attributes }] of messages.entries()) {
    const size = Buffer.byteLength(body) + Buffer.byteLength(JSON.stringify(attributes));
    const last = groups[groups.length - 1];
    if (last && last.length < batchSize && bytes + size <= maximumBatchBytes) {
      last.push(index);
      bytes += size;
    } else {
      groups.push([index]);
      bytes = size;
    }
  }
  return groups;
}

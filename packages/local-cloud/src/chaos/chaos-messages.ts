import { setTimeout as sleep } from 'node:timers/promises';
import { AwsError } from '../aws-error.ts';
import type { Chaos } from './chaos.ts';
import type { EventBridge } from '../event-bridge/event-bridge.ts';
import type { EntryRefusal, PutEventsEntry } from '../event-bridge/put-events-entry.ts';
import type { Queues } from '../sqs/queues.ts';
import type { Deliver } from '../event-bridge/target-delivery.ts';

const LONGEST_DELAY_MS = 4000;

/**
 * EventBridge's way to the queues: twice, late, or not at the first attempt.
 * @param stopping ends what is late without delivering it
 */
export function deliverUnreliably(deliver: Deliver, chaos: Chaos, stopping: AbortSignal): Deliver {
  return async (queueArn, body, attributes, traceHeader) => {
    // The way to a dead-letter queue is spared: an event that does not get there either is lost, on AWS too.
    const fault =
      attributes === undefined ? chaos.decide('delivery', nameIn(queueArn, ':'), 'EventBridge delivery') : undefined;
    switch (fault?.kind) {
      case 'not-allowed':
        throw new AwsError('AccessDenied', 'Chaos: the queue does not let EventBridge in.', 403);
      case 'throttled':
        throw new AwsError('ThrottlingException', 'Chaos: too many requests.');
      case 'delayed':
        await sleep(fault.size * LONGEST_DELAY_MS, undefined, { signal: stopping });
        return deliver(queueArn, body, undefined, traceHeader);
      case 'duplicated':
        await deliver(queueArn, body, undefined, traceHeader);
        await sleep(fault.size * LONGEST_DELAY_MS, undefined, { signal: stopping });
        return deliver(queueArn, body, undefined, traceHeader);
      case 'failed-after':
        await deliver(queueArn, body, undefined, traceHeader);
        throw new AwsError('InternalFailure', 'Chaos: it was delivered, and called failed.', 500);
      default:
        return deliver(queueArn, body, attributes, traceHeader);
    }
  };
}

/** EventBridge's PutEvents, which answers for each entry and does not always keep its word. */
export function putEventsUnreliably(
  eventBridge: Pick<EventBridge, 'request'>,
  chaos: Chaos,
): Pick<EventBridge, 'request'> {
  return {
    async request(action, input) {
      if (action !== 'PutEvents' || !chaos.enabled) return eventBridge.request(action, input);
      const entries = (input as { Entries?: PutEventsEntry[] } | null)?.Entries;
      if (!Array.isArray(entries)) return eventBridge.request(action, input);
      const faults = entries.map((entry) => chaos.decide('put-events-entry', String(entry?.DetailType), ENTRY));
      const taken = entries.filter((_, index) => faults[index]?.kind !== 'entry-refused');
      const answers =
        taken.length === 0
          ? []
          : ((await eventBridge.request(action, { ...(input as object), Entries: taken })) as { Entries: object[] })
              .Entries;
      const all = faults.map((fault): object => {
        const answer = fault?.kind === 'entry-refused' ? undefined : answers.shift();
        return fault || !answer ? refusal : answer;
      });
      return { FailedEntryCount: all.filter((answer) => 'ErrorCode' in answer).length, Entries: all };
    },
  };
}

const ENTRY = 'EventBridge PutEvents entry';
const refusal: EntryRefusal = { ErrorCode: 'InternalFailure', ErrorMessage: 'Chaos: the event was not taken, or was.' };

/** A queue as its event source meets it: a message can come twice at once, and again after it was handled. */
export function pollUnreliably(queues: Pick<Queues, 'request'>, chaos: Chaos): Pick<Queues, 'request'> {
  return {
    async request(action, input, signal) {
      const request = input as { QueueUrl: string; Entries?: { Id: string }[] };
      const queue = nameIn(request.QueueUrl, '/');
      if (action === 'DeleteMessageBatch') {
        const { Entries = [] } = request;
        const kept = Entries.filter(() => !chaos.decide('acknowledgement', queue, 'SQS DeleteMessageBatch'));
        return kept.length === 0
          ? { Successful: [], Failed: [] }
          : queues.request(action, { ...request, Entries: kept }, signal);
      }
      const answer = await queues.request(action, input, signal);
      if (action !== 'ReceiveMessage') return answer;
      for (const { ReceiptHandle } of (answer as { Messages?: { ReceiptHandle: string }[] }).Messages ?? []) {
        if (!chaos.decide('receive', queue, 'SQS ReceiveMessage')) continue;
        await queues.request('ChangeMessageVisibility', {
          QueueUrl: request.QueueUrl,
          ReceiptHandle,
          VisibilityTimeout: 0,
        });
      }
      return answer;
    },
  };
}

const nameIn = (text: string, separator: string): string => text.slice(text.lastIndexOf(separator) + 1);

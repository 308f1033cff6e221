import { setTimeout as sleep } from 'node:timers/promises';
import { AwsError } from '../aws-error.ts';
import type { Chaos } from './chaos.ts';
import type { EventBridge } from '../event-bridge/event-bridge.ts';
import type { EntryRefusal, PutEventsEntry } from '../event-bridge/put-events-entry.ts';
import type { Queues } from '../sqs/queues.ts';
import type { Deliver } from '../event-bridge/target-delivery.ts';

const LONGEST_DELAY_MS = 4000;

/**
 * Wraps EventBridge's deliveries to queues: some arrive twice or late, some attempts fail.
 * @param stopping cancels the delayed deliveries
 */
export function injectDeliveryFaults(deliver: Deliver, chaos: Chaos, stopping: AbortSignal): Deliver {
  return async (queueArn, body, attributes, traceHeader) => {
    // Only deliveries to a dead-letter queue have attributes. They get no faults: EventBridge drops an event that it
    // cannot deliver there, on AWS too.
    const fault =
      attributes === undefined ? chaos.decide('delivery', nameIn(queueArn, ':'), 'EventBridge delivery') : undefined;
    switch (fault?.kind) {
      case 'not-allowed':
        throw new AwsError('AccessDenied', 'Chaos: the queue denies access to EventBridge.', 403);
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
        throw new AwsError('InternalFailure', 'Chaos: the event was delivered, and the response is an error.', 500);
      default:
        return deliver(queueArn, body, attributes, traceHeader);
    }
  };
}

/** Wraps PutEvents: some entries are rejected, and some are accepted although the response reports a failure. */
export function injectPutEventsFaults(
  eventBridge: Pick<EventBridge, 'request'>,
  chaos: Chaos,
): Pick<EventBridge, 'request'> {
  return {
    async request(action, input) {
      if (action !== 'PutEvents' || !chaos.enabled) return eventBridge.request(action, input);
      const entries = (input as { Entries?: PutEventsEntry[] } | null)?.Entries;
      if (!Array.isArray(entries)) return eventBridge.request(action, input);
      const faults = entries.map((entry) => chaos.decide('put-events-entry', String(entry?.DetailType), ENTRY));
      const accepted = entries.filter((_, index) => faults[index]?.kind !== 'entry-refused');
      const results =
        accepted.length === 0
          ? []
          : ((await eventBridge.request(action, { ...(input as object), Entries: accepted })) as { Entries: object[] })
              .Entries;
      const all = faults.map((fault): object => {
        const result = fault?.kind === 'entry-refused' ? undefined : results.shift();
        return fault || !result ? failedEntry : result;
      });
      return { FailedEntryCount: all.filter((result) => 'ErrorCode' in result).length, Entries: all };
    },
  };
}

const ENTRY = 'EventBridge PutEvents entry';
const failedEntry: EntryRefusal = {
  ErrorCode: 'InternalFailure',
  ErrorMessage: 'Chaos: the entry failed. The event may have been published or not.',
};

/** Wraps the queues of event sources: some messages are received twice at once, some are not deleted after handling. */
export function injectQueueFaults(queues: Pick<Queues, 'request'>, chaos: Chaos): Pick<Queues, 'request'> {
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
      if (action !== 'ReceiveMessage') return queues.request(action, input, signal);
      const closed = new AwsError('InternalFailure', 'Chaos: nobody can receive from this queue.', 500);
      if (chaos.isClosed(queue)) throw closed;
      const answer = await queues.request(action, input, signal);
      if (chaos.isClosed(queue)) {
        // The queue was closed during the long poll.
        for (const { ReceiptHandle } of (answer as { Messages?: { ReceiptHandle: string }[] }).Messages ?? [])
          await queues.request('ChangeMessageVisibility', {
            QueueUrl: request.QueueUrl,
            ReceiptHandle,
            VisibilityTimeout: 0,
          });
        throw closed;
      }
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

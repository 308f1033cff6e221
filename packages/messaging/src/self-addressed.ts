import { SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import type { AirlineEvent } from '@airline/events-schemas/events';
import type { EventEnvelope } from '@airline/events-schemas/parse-event';
import { requireEnvironment } from './environment.ts';

/**
 * A message that a service sends to its own queue, to be woken later: shaped like an event, so that whatever shows messages can
 * show it, but no event of the contract, and never on the bus.
 */
export type SelfAddressedMessage = EventEnvelope;

/** @returns what the service says, as a handler of an event does. @throws UnprocessableEventError for a message it cannot have sent */
type SelfAddressedHandler = (message: SelfAddressedMessage) => Promise<readonly AirlineEvent[]>;

/** Detail-type → handler, of the messages that a service sends itself. */
export type SelfAddressedHandlers = Readonly<Record<string, SelfAddressedHandler>>;

/** Sends a message that arrives after the delay, or after 15 minutes where the delay is longer: whoever needs more sends it again. */
export type SendToSelf = (message: SelfAddressedMessage, delaySeconds: number) => Promise<void>;

/** SQS delays a message by no more. */
const longestDelaySeconds = 900;

export function createSendToSelf({
  client,
  queueUrl,
}: {
  client: Pick<SQSClient, 'send'>;
  queueUrl: string;
}): SendToSelf {
  return async (message, delaySeconds) => {
    await client.send(
      new SendMessageCommand({
        QueueUrl: queueUrl,
        MessageBody: JSON.stringify(message),
        DelaySeconds: Math.min(Math.max(Math.ceil(delaySeconds), 0), longestDelaySeconds),
      }),
    );
  };
}

/** Of a deployed function whose stack lets it send to its own queue. */
export function sendToSelfFromEnvironment(): SendToSelf {
  return createSendToSelf({ client: new SQSClient(), queueUrl: requireEnvironment('QUEUE_URL') });
}

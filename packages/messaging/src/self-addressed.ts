import { SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import type { AirlineEvent } from '@airline/events-schemas/events';
import type { EventEnvelope } from '@airline/events-schemas/parse-event';
import { requireEnvironment } from './environment.ts';

/**
 * A message that a service sends to its own queue, such as a timer. It has the shape of an event, so that tools that
 * show messages can show it. The contract does not define it, and it is never published on the bus.
 */
export type SelfAddressedMessage = EventEnvelope;

/**
 * Returns the events to publish, like a handler of an event.
 * @throws UnprocessableEventError for a message that the service cannot have sent
 */
type SelfAddressedHandler = (message: SelfAddressedMessage) => Promise<readonly AirlineEvent[]>;

/** Detail-type → handler, for messages that a service sends to its own queue. */
export type SelfAddressedHandlers = Readonly<Record<string, SelfAddressedHandler>>;

/** Sends a message with a delay of at most 15 minutes. A caller that needs a longer delay sends the message again. */
export type SendToSelf = (message: SelfAddressedMessage, delaySeconds: number) => Promise<void>;

/** The longest delay of SQS: 15 minutes. */
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

/** For a deployed function whose stack grants it to send to its own queue (`sendsToItself`). */
export function sendToSelfFromEnvironment(): SendToSelf {
  return createSendToSelf({ client: new SQSClient(), queueUrl: requireEnvironment('QUEUE_URL') });
}

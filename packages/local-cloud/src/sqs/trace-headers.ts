import { isObject } from '../is-object.ts';

/**
 * SQS carries an X-Ray trace header beside a message, as a system attribute. fauxqs does not know it, so it travels as a message
 * attribute that no client sees: with the message, into the dead-letter queue too.
 */
const hidden = 'local-cloud.AWSTraceHeader';

type Input = Record<string, unknown>;

interface Message {
  Attributes?: Record<string, string>;
  MessageAttributes?: Record<string, { DataType: string; StringValue?: string }>;
  MD5OfMessageAttributes?: string;
}

/** A request to send a message, or an entry of a batch, as fauxqs takes it. */
export function hideTraceHeader<T extends Input>(message: T): T {
  const { AWSTraceHeader: header } = isObject(message.MessageSystemAttributes) ? message.MessageSystemAttributes : {};
  if (!isObject(header) || typeof header.StringValue !== 'string') return message;
  const attributes = isObject(message.MessageAttributes) ? message.MessageAttributes : {};
  return {
    ...message,
    MessageAttributes: { ...attributes, [hidden]: { DataType: 'String', StringValue: header.StringValue } },
  };
}

/** A request to receive messages that also asks for what is hidden. */
export function askForTraceHeader(request: Input): Input {
  const asked = Array.isArray(request.MessageAttributeNames) ? (request.MessageAttributeNames as unknown[]) : [];
  return { ...request, MessageAttributeNames: [...asked, hidden] };
}

/** A message as SQS would give it to that request. Its MD5 covered what was hidden, and is left out where there was anything. */
export function showTraceHeader<T extends Message>(message: T, request: Input): T {
  const { MessageAttributes, MD5OfMessageAttributes: _, ...rest } = message;
  const { [hidden]: header, ...attributes } = MessageAttributes ?? {};
  if (header === undefined) return message;
  const names = [request.MessageSystemAttributeNames, request.AttributeNames].flatMap((each) =>
    Array.isArray(each) ? (each as unknown[]) : [],
  );
  const wanted = names.includes('All') || names.includes('AWSTraceHeader');
  return {
    ...(rest as T),
    ...(wanted && { Attributes: { ...message.Attributes, AWSTraceHeader: header.StringValue! } }),
    ...(Object.keys(attributes).length > 0 && { MessageAttributes: attributes }),
  };
}

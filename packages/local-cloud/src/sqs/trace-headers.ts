import { isObject } from '../is-object.ts';

/**
 * SQS stores an X-Ray trace header with a message, in the system attribute `AWSTraceHeader`. fauxqs does not support
 * it. So the header is stored in this message attribute, which clients never see. It stays with the message in the
 * dead-letter queue too.
 */
const carrierAttribute = 'local-cloud.AWSTraceHeader';

type Input = Record<string, unknown>;

interface Message {
  Attributes?: Record<string, string>;
  MessageAttributes?: Record<string, { DataType: string; StringValue?: string }>;
  MD5OfMessageAttributes?: string;
}

/** Copies the trace header of a SendMessage request, or of an entry of SendMessageBatch, to the carrier attribute. */
export function encodeTraceHeader<T extends Input>(message: T): T {
  const { AWSTraceHeader: header } = isObject(message.MessageSystemAttributes) ? message.MessageSystemAttributes : {};
  if (!isObject(header) || typeof header.StringValue !== 'string') return message;
  const attributes = isObject(message.MessageAttributes) ? message.MessageAttributes : {};
  return {
    ...message,
    MessageAttributes: { ...attributes, [carrierAttribute]: { DataType: 'String', StringValue: header.StringValue } },
  };
}

/** Adds the carrier attribute to the attributes that a ReceiveMessage request asks for. */
export function requestTraceHeader(request: Input): Input {
  const names = Array.isArray(request.MessageAttributeNames) ? (request.MessageAttributeNames as unknown[]) : [];
  return { ...request, MessageAttributeNames: [...names, carrierAttribute] };
}

/**
 * Moves the carrier attribute of a received message back to the system attribute, when the request asks for it.
 * MD5OfMessageAttributes covers the carrier attribute, so it is left out when the message has one.
 */
export function decodeTraceHeader<T extends Message>(message: T, request: Input): T {
  const { MessageAttributes, MD5OfMessageAttributes: _, ...rest } = message;
  const { [carrierAttribute]: header, ...attributes } = MessageAttributes ?? {};
  if (header === undefined) return message;
  const names = [request.MessageSystemAttributeNames, request.AttributeNames].flatMap((each) =>
    Array.isArray(each) ? (each as unknown[]) : [],
  );
  const isRequested = names.includes('All') || names.includes('AWSTraceHeader');
  return {
    ...(rest as T),
    ...(isRequested && { Attributes: { ...message.Attributes, AWSTraceHeader: header.StringValue! } }),
    ...(Object.keys(attributes).length > 0 && { MessageAttributes: attributes }),
  };
}

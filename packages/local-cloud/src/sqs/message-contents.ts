import { AwsError } from '../aws-error.ts';
import { isObject } from '../is-object.ts';

/**
 * What a message may contain.
 * @see https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html
 */
const refusedCharacters = /[^\t\n\r\u{20}-\u{D7FF}\u{E000}-\u{FFFD}\u{10000}-\u{10FFFF}]/u;
const INVALID_CHARACTERS =
  'Invalid characters found. Valid unicode characters are #x9 | #xA | #xD | #x20 to #xD7FF | #xE000 to #xFFFD | ' +
  '#x10000 to #x10FFFF';
const MAX_ATTRIBUTES = 10;
const MAX_NAME_LENGTH = 256;
const MAX_DELAY_SECONDS = 900;

/**
 * Checks a SendMessage request, or an entry of SendMessageBatch, whose members have the right types. fauxqs checks the
 * size.
 * @throws AwsError `InvalidMessageContents`, `InvalidParameterValue` or `MissingParameter`
 */
export function refuseMessage({ MessageBody, MessageAttributes, DelaySeconds }: Record<string, unknown>): void {
  if (MessageBody === undefined || MessageBody === null || MessageBody === '')
    throw new AwsError('MissingParameter', 'The request must contain the parameter MessageBody.');
  if (refusedCharacters.test(MessageBody as string)) throw new AwsError('InvalidMessageContents', INVALID_CHARACTERS);
  refuseLongDelay(DelaySeconds);
  const attributes = Object.entries(MessageAttributes ?? {});
  if (attributes.length > MAX_ATTRIBUTES) {
    throw invalid(`Number of message attributes [${attributes.length}] exceeds the allowed maximum [10].`);
  }
  for (const [name, attribute] of attributes) refuseAttribute(name, isObject(attribute) ? attribute : {});
}

/** @see https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-message-metadata.html */
function refuseAttribute(name: string, { DataType: type, StringValue, BinaryValue }: Record<string, unknown>): void {
  if (name.length > MAX_NAME_LENGTH)
    throw invalid(`Message (user) attribute names must be at most ${MAX_NAME_LENGTH} characters long.`);
  if (!/^[\w.-]+$/.test(name) || /^\.|\.\.|\.$/.test(name) || /^(aws|amazon)\./i.test(name)) {
    throw invalid(
      `The message (user) attribute name '${name}' is invalid: it may have letters, digits, _, - and . only, not begin ` +
        "or end with '.', have no two in a row, and not begin with 'AWS.' or 'Amazon.'.",
    );
  }
  if (typeof type !== 'string' || type === '')
    throw invalid(`The message (user) attribute '${name}' must contain a non-empty message attribute type.`);
  if (!/^(String|Number|Binary)(\.|$)/.test(type)) {
    const supported = 'You must use only the following supported type prefixes: Binary, Number, String.';
    throw invalid(`The type of message (user) attribute '${name}' is invalid. ${supported}`);
  }
  const value = type.startsWith('Binary') ? BinaryValue : StringValue;
  if (typeof value !== 'string' || value === '')
    throw invalid(`Message (user) attribute '${name}' must contain a non-empty value of type '${type}'.`);
  if (type.startsWith('Number') && (value.trim() === '' || !Number.isFinite(Number(value))))
    throw invalid(`Can't cast the value of message (user) attribute '${name}' to a number.`);
  // For a body the code is InvalidMessageContents.
  if (!type.startsWith('Binary') && refusedCharacters.test(value)) throw invalid(INVALID_CHARACTERS);
}

function refuseLongDelay(delaySeconds: unknown): void {
  if (typeof delaySeconds !== 'number' || (delaySeconds >= 0 && delaySeconds <= MAX_DELAY_SECONDS)) return;
  const reason = `Reason: DelaySeconds must be >= 0 and <= ${MAX_DELAY_SECONDS}.`;
  throw invalid(`Value ${delaySeconds} for parameter DelaySeconds is invalid. ${reason}`);
}

const invalid = (message: string): AwsError => new AwsError('InvalidParameterValue', message);

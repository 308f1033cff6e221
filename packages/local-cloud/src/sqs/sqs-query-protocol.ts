import { AwsError } from '../aws-error.ts';

/**
 * SQS's query protocol: requests are form fields, responses are XML. Clients from before 2023 use it, such as the
 * awscli of Debian. It is converted from and to the members of the JSON protocol.
 */

const NAMESPACE = 'http://queue.amazonaws.com/doc/2012-11-05/';

type Json = Record<string, unknown>;
/** `A.1.B=c` → `{A: {1: {B: 'c'}}}` */
interface FieldTree {
  [name: string]: string | FieldTree;
}

const LISTS: Record<string, string> = {
  AttributeName: 'AttributeNames',
  MessageAttributeName: 'MessageAttributeNames',
  MessageSystemAttributeName: 'MessageSystemAttributeNames',
  TagKey: 'TagKeys',
};
const MAPS: Record<string, { member: string; key: string }> = {
  Attribute: { member: 'Attributes', key: 'Name' },
  MessageAttribute: { member: 'MessageAttributes', key: 'Name' },
  MessageSystemAttribute: { member: 'MessageSystemAttributes', key: 'Name' },
  Tag: { member: 'Tags', key: 'Key' },
};
const BATCHES = new Set([
  'SendMessageBatchRequestEntry',
  'DeleteMessageBatchRequestEntry',
  'ChangeMessageVisibilityBatchRequestEntry',
]);
const NUMBERS = new Set(['DelaySeconds', 'MaxNumberOfMessages', 'MaxResults', 'VisibilityTimeout', 'WaitTimeSeconds']);

/**
 * @param path of the request, with the queue's name when the QueueUrl field is missing
 * @throws AwsError
 */
export function parseSqsQuery(form: URLSearchParams, path: string): { action: string; input: Json } {
  const action = form.get('Action');
  if (action === null) throw new AwsError('MissingAction', 'The request must contain the parameter Action.');
  const input = readMembers(fieldTree(form));
  if (input.QueueUrl === undefined && /^\/\d{12}\/./.test(path)) input.QueueUrl = path;
  if (action === 'CreateQueue' && input.Tags !== undefined) {
    // In the JSON protocol only CreateQueue has `tags` in lower case.
    input.tags = input.Tags;
    delete input.Tags;
  }
  return { action, input };
}

function fieldTree(form: URLSearchParams): FieldTree {
  // Without a prototype, a field may have any name, such as `__proto__`.
  const newTree = (): FieldTree => Object.create(null) as FieldTree;
  const root = newTree();
  for (const [field, value] of form) {
    if (field === 'Action' || field === 'Version') continue;
    const steps = field.split('.');
    const last = steps.pop() ?? '';
    let node = root;
    for (const step of steps) {
      const child = node[step];
      node = typeof child === 'object' ? child : (node[step] = newTree());
    }
    node[last] = value;
  }
  return root;
}

function readMembers(fields: FieldTree): Json {
  const members = Object.create(null) as Json;
  for (const [name, value] of Object.entries(fields)) {
    const map = Object.hasOwn(MAPS, name) ? MAPS[name] : undefined;
    if (typeof value === 'string') {
      members[name] = NUMBERS.has(name) ? readNumber(name, value) : value;
    } else if (Object.hasOwn(LISTS, name)) {
      members[LISTS[name]!] = inOrder(value);
    } else if (BATCHES.has(name)) {
      members.Entries = inOrder(value).map((entry) => (typeof entry === 'string' ? entry : readMembers(entry)));
    } else if (map !== undefined) {
      members[map.member] = Object.fromEntries(
        inOrder(value).map((entry) => {
          const pair = entry as FieldTree;
          return [pair[map.key], pair.Value ?? ''];
        }),
      );
    } else {
      throw new AwsError('InvalidParameterValue', `The parameter ${name} is not supported.`);
    }
  }
  return members;
}

function inOrder(fields: FieldTree): (string | FieldTree)[] {
  const indexes = Object.keys(fields).sort((a, b) => Number(a) - Number(b));
  return indexes.map((index) => fields[index] ?? '');
}

function readNumber(name: string, value: string): number {
  if (!/^-?\d+$/.test(value)) {
    throw new AwsError('InvalidParameterValue', `Value ${value} for parameter ${name} is not an integer.`);
  }
  return Number(value);
}

/** Converts the JSON response of an operation to XML. */
export function formatSqsAnswer(action: string, answer: Json, requestId: string): string {
  const members = Object.entries(answer).map(([name, value]) => formatMember(action, name, value));
  const result = members.length === 0 ? '' : `<${action}Result>${members.join('')}</${action}Result>`;
  const metadata = `<ResponseMetadata><RequestId>${requestId}</RequestId></ResponseMetadata>`;
  return `<?xml version="1.0"?><${action}Response xmlns="${NAMESPACE}">${result}${metadata}</${action}Response>`;
}

function formatMember(action: string, name: string, value: unknown): string {
  if (value === undefined || value === null) return '';
  switch (name) {
    case 'Messages':
      return each(value, (message) => element('Message', formatStructure(action, message)));
    case 'Successful':
      return each(value, (entry) => element(`${action}ResultEntry`, formatStructure(action, entry)));
    case 'Failed':
      return each(value, (entry) => element('BatchResultErrorEntry', formatStructure(action, entry)));
    case 'QueueUrls':
      return each(value, (url) => element('QueueUrl', escapeXml(url)));
    case 'Attributes':
      return pairs('Attribute', 'Name', value, escapeXml);
    case 'Tags':
      return pairs('Tag', 'Key', value, escapeXml);
    case 'MessageAttributes':
      return pairs('MessageAttribute', 'Name', value, (attribute) => formatStructure(action, attribute));
    default:
      return element(name, escapeXml(value));
  }
}

const formatStructure = (action: string, members: unknown): string =>
  Object.entries(members as Json)
    .map(([name, value]) => formatMember(action, name, value))
    .join('');

const each = (items: unknown, format: (item: unknown) => string): string => (items as unknown[]).map(format).join('');

const pairs = (tag: string, key: string, map: unknown, format: (value: unknown) => string): string =>
  Object.entries(map as Json)
    .map(([name, value]) => element(tag, element(key, escapeXml(name)) + element('Value', format(value))))
    .join('');

const element = (tag: string, content: string): string => `<${tag}>${content}</${tag}>`;

export function formatSqsError(error: AwsError, requestId: string): string {
  const type = error.statusCode < 500 ? 'Sender' : 'Receiver';
  const content =
    element('Type', type) + element('Code', escapeXml(error.queryCode)) + element('Message', escapeXml(error.message));
  const body = `${element('Error', `${content}<Detail/>`)}${element('RequestId', requestId)}`;
  return `<?xml version="1.0"?><ErrorResponse xmlns="${NAMESPACE}">${body}</ErrorResponse>`;
}

/** Escapes carriage returns too: an XML parser reads a literal one as a line feed, and the MD5 would differ. */
export const escapeXml = (value: unknown): string =>
  String(value).replace(/[&<>"'\r]/g, (character) => `&#${character.charCodeAt(0)};`);

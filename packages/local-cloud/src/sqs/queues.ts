import { AwsError } from '../aws-error.ts';
import { loadFauxqs } from './fauxqs.ts';
import type { Fauxqs, MessageAttributes, SqsQueue, SqsStore } from './fauxqs.ts';
import { isObject } from '../is-object.ts';
import { LocalCloudError } from '../local-cloud-error.ts';
import { LongPollWaiters } from './long-poll-waiters.ts';
import { refuseMessage } from './message-contents.ts';
import {
  pageOfQueues,
  refuseAttributes,
  refuseQueueName,
  refuseReceiptHandle,
  refuseUnknownAttributeNames,
  refuseWrongTypes,
} from './queue-requests.ts';
import { decodeTraceHeader, encodeTraceHeader, requestTraceHeader } from './trace-headers.ts';

export interface QueuesOptions {
  accountId: string;
  region: string;
  /** The clients' address of the queues, such as `http://localhost:4566`. It is known when the endpoint listens. */
  endpoint: () => string;
  /**
   * Limits visibility timeouts, so that messages are redelivered sooner after a crash than on AWS.
   * @default no limit
   */
  maximumVisibilitySeconds?: number | undefined;
}

interface SqsMessage {
  MessageId: string;
  ReceiptHandle: string;
  Body: string;
  MD5OfBody: string;
  MD5OfMessageAttributes?: string;
  /** System attributes, such as `ApproximateReceiveCount`. */
  Attributes?: Record<string, string>;
  MessageAttributes?: MessageAttributes;
}

type Input = Record<string, unknown>;

/**
 * SQS: fauxqs's queues, without its HTTP server. It differs from fauxqs in these points:
 * - A queue URL identifies the queue by its last segment, whatever its host. New URLs are
 *   `http://localhost:4566/000000000000/<name>`, which resolves on every machine. fauxqs's host
 *   `sqs.us-east-1.localhost` does not.
 * - A long poll receives no message after its client has disconnected.
 * - Message counts are correct also while nobody receives.
 * - A message keeps its trace header (`AWSTraceHeader`).
 * - As on AWS, a message has the characters that XML allows (message-contents.ts), a response has only the requested
 *   attributes with their MD5, ListQueues has pages, and names, attributes and receipt handles are checked.
 */
export class Queues {
  private readonly options: QueuesOptions;
  private readonly fauxqs: Fauxqs;
  private readonly store: SqsStore;
  private readonly longPolls = new LongPollWaiters();
  private closed = false;

  static async start(options: QueuesOptions): Promise<Queues> {
    return new Queues(options, await loadFauxqs());
  }

  private constructor(options: QueuesOptions, fauxqs: Fauxqs) {
    this.options = options;
    this.fauxqs = fauxqs;
    this.store = fauxqs.createStore(options.region);
  }

  /** @throws LocalCloudError when the name is in use, or SQS would reject the attributes */
  async create(name: string, attributes: Record<string, string>): Promise<{ url: string; arn: string; name: string }> {
    if (this.store.getQueueByName(name)) {
      throw new LocalCloudError(`There are two queues named ${name}: rename one of them.`);
    }
    const deadLetterArn = deadLetterTarget(attributes.RedrivePolicy);
    if (deadLetterArn !== undefined && !this.store.getQueueByName(nameInArn(deadLetterArn))) {
      throw new LocalCloudError(`Queue ${name}: its dead-letter queue ${deadLetterArn} does not exist.`);
    }
    try {
      await this.request('CreateQueue', { QueueName: name, Attributes: this.limitVisibility(attributes) });
    } catch (error) {
      if (error instanceof AwsError) throw new LocalCloudError(`Queue ${name}: ${error.message}`);
      throw error;
    }
    return { url: this.url(name), arn: this.queue(name).arn, name };
  }

  /** Sends a message with string attributes and an X-Ray trace header. @throws AwsError `QueueDoesNotExist` */
  async send(
    queueArn: string,
    body: string,
    messageAttributes: Record<string, string> = {},
    traceHeader?: string,
  ): Promise<void> {
    const attributes: Record<string, { DataType: string; StringValue: string }> = {};
    for (const [name, value] of Object.entries(messageAttributes))
      attributes[name] = { DataType: 'String', StringValue: value };
    await this.request('SendMessage', {
      QueueUrl: nameInArn(queueArn),
      MessageBody: body,
      MessageAttributes: attributes,
      ...(traceHeader !== undefined && {
        MessageSystemAttributes: { AWSTraceHeader: { DataType: 'String', StringValue: traceHeader } },
      }),
    });
  }

  /**
   * Runs one operation of SQS's API. Input and output have the members of its JSON protocol. QueueUrl may be any URL
   * that ends with the queue's name.
   * @param signal aborts a `ReceiveMessage`, which then rejects with the signal's reason
   * @throws AwsError
   */
  async request(action: string, input: unknown, signal?: AbortSignal): Promise<unknown> {
    const request: Input = isObject(input) ? { ...input } : {};
    refuseWrongTypes(request);
    if (typeof request.QueueUrl === 'string') request.QueueUrl = this.queue(nameInUrl(request.QueueUrl)).url;
    switch (action) {
      case 'ReceiveMessage':
        return this.receive(request, signal);
      case 'SendMessage':
        refuseMessage(request);
        return this.withMd5(await this.call(action, encodeTraceHeader(request)), request);
      case 'SendMessageBatch':
        return this.sendBatch(request);
      case 'DeleteMessage':
      case 'ChangeMessageVisibility':
        refuseReceiptHandle(request.ReceiptHandle);
        return this.call(action, request);
      case 'DeleteMessageBatch':
      case 'ChangeMessageVisibilityBatch':
        return this.callForValidEntries(action, request, ({ ReceiptHandle }) => refuseReceiptHandle(ReceiptHandle));
      case 'GetQueueAttributes':
        return this.getAttributes(request);
      case 'CreateQueue':
        refuseQueueName(request.QueueName);
        refuseAttributes(request.Attributes);
        return this.call(action, request);
      case 'SetQueueAttributes':
        refuseAttributes(request.Attributes);
        return this.call(action, request);
      case 'ListQueues':
        return this.listQueues(request);
      default:
        return this.call(action, request);
    }
  }

  /** Ends the current long polls. They return no message. */
  close(): Promise<void> {
    this.closed = true;
    this.longPolls.close();
    return Promise.resolve();
  }

  private async call(action: string, request: Input): Promise<Record<string, unknown>> {
    const answer = await this.fauxqs.call(this.store, action, request);
    const queue = this.queueOf(request);
    if (queue) this.longPolls.notify(queue);
    if (typeof answer.QueueUrl === 'string') return { ...answer, QueueUrl: this.url(nameInUrl(answer.QueueUrl)) };
    return answer;
  }

  private async listQueues({ QueueNamePrefix, ...page }: Input): Promise<unknown> {
    const { QueueUrls } = await this.fauxqs.call(this.store, 'ListQueues', { QueueNamePrefix });
    return pageOfQueues(
      (QueueUrls as string[]).map((url) => this.url(nameInUrl(url))),
      page,
    );
  }

  private async getAttributes(request: Input): Promise<unknown> {
    refuseUnknownAttributeNames(request.AttributeNames);
    this.queueOf(request)?.processTimers();
    // Without AttributeNames AWS returns no attribute, fauxqs all.
    const answer = await this.call('GetQueueAttributes', { ...request, AttributeNames: request.AttributeNames ?? [] });
    return Object.keys(answer.Attributes ?? {}).length === 0 ? {} : answer;
  }

  private async sendBatch(request: Input): Promise<unknown> {
    const answer = await this.callForValidEntries('SendMessageBatch', request, refuseMessage, encodeTraceHeader);
    const entries = (request.Entries ?? []) as Input[];
    const withMd5 = (sent: Input) => this.withMd5(sent, entries.find(({ Id }) => Id === sent.Id) ?? {});
    return { ...answer, Successful: (answer.Successful as Input[]).map(withMd5) };
  }

  /** Runs a batch operation without the entries that `refuse` throws for. The answer has them as failed. */
  private async callForValidEntries(
    action: string,
    request: Input,
    refuse: (entry: Input) => void,
    encode: (entry: Input) => Input = (entry) => entry,
  ): Promise<Input> {
    const entries = (request.Entries ?? []) as Input[];
    const refused = new Map<Input, object>();
    for (const entry of entries) {
      try {
        refuse(entry);
      } catch (error) {
        if (!(error instanceof AwsError)) throw error;
        refused.set(entry, { Id: entry.Id, SenderFault: true, Code: error.code, Message: error.message });
      }
    }
    const accepted = entries.filter((entry) => !refused.has(entry)).map(encode);
    if (accepted.length === 0 && refused.size > 0) return { Successful: [], Failed: [...refused.values()] };
    const answer = await this.call(action, { ...request, Entries: accepted });
    return { ...answer, Failed: [...refused.values(), ...((answer.Failed as object[] | undefined) ?? [])] };
  }

  /** The MD5 of fauxqs covers the attribute that carries the trace header. */
  private withMd5(sent: Input, { MessageAttributes }: Input): Input {
    const { MD5OfMessageAttributes: _, ...answer } = sent;
    return { ...answer, ...this.md5Of((MessageAttributes ?? {}) as MessageAttributes) };
  }

  private md5Of(attributes: MessageAttributes = {}): { MD5OfMessageAttributes?: string } {
    if (Object.keys(attributes).length === 0) return {};
    return { MD5OfMessageAttributes: this.fauxqs.md5OfMessageAttributes(attributes) };
  }

  /**
   * Implements long polls instead of fauxqs. fauxqs would return a message to a client that has disconnected, and the
   * message would be invisible until its visibility timeout ends.
   */
  private async receive(request: Input, signal: AbortSignal | undefined): Promise<{ Messages?: SqsMessage[] }> {
    const queue = this.queueOf(request);
    const waitSeconds = Number(request.WaitTimeSeconds ?? queue?.getAttribute('ReceiveMessageWaitTimeSeconds') ?? 0);
    const polls = queue !== undefined && waitSeconds > 0 && waitSeconds <= 20;
    // fauxqs gets an invalid WaitTimeSeconds unchanged, and rejects it.
    const attempt = polls || request.WaitTimeSeconds === undefined ? { ...request, WaitTimeSeconds: 0 } : request;
    const deadline = Date.now() + waitSeconds * 1000;
    for (;;) {
      signal?.throwIfAborted();
      const answer = (await this.fauxqs.call(this.store, 'ReceiveMessage', requestTraceHeader(attempt))) as {
        Messages?: SqsMessage[];
      };
      const remaining = deadline - Date.now();
      const over = !polls || remaining <= 0 || this.closed;
      if (over || answer.Messages !== undefined) return this.withRequestedAttributes(answer, request);
      await this.longPolls.wait(queue, remaining, signal);
    }
  }

  /**
   * Without MessageAttributeNames AWS returns no message attribute, fauxqs all. AWS returns the MD5 of the attributes
   * that it returns, fauxqs the MD5 of those that were sent.
   */
  private withRequestedAttributes(answer: { Messages?: SqsMessage[] }, request: Input): { Messages?: SqsMessage[] } {
    const isRequested = Array.isArray(request.MessageAttributeNames) && request.MessageAttributeNames.length > 0;
    const messages = answer.Messages?.map((message): SqsMessage => {
      const { MessageAttributes, MD5OfMessageAttributes: _, ...rest } = decodeTraceHeader(message, request);
      return {
        ...rest,
        ...(isRequested && MessageAttributes && { MessageAttributes, ...this.md5Of(MessageAttributes) }),
      };
    });
    return messages === undefined ? answer : { Messages: messages };
  }

  private limitVisibility(attributes: Record<string, string>): Record<string, string> {
    const { maximumVisibilitySeconds: maximum = Infinity } = this.options;
    const requested = Number(attributes.VisibilityTimeout ?? 0);
    return { ...attributes, ...(requested > maximum && { VisibilityTimeout: String(maximum) }) };
  }

  private queueOf(request: Input): SqsQueue | undefined {
    return typeof request.QueueUrl === 'string' ? this.store.getQueue(request.QueueUrl) : undefined;
  }

  private queue(name: string): SqsQueue {
    const queue = this.store.getQueueByName(name);
    if (queue === undefined) throw this.fauxqs.queueDoesNotExist(name);
    return queue;
  }

  private url(name: string): string {
    return `${this.options.endpoint()}/${this.options.accountId}/${name}`;
  }
}

const nameInUrl = (url: string): string => url.slice(url.lastIndexOf('/') + 1);

const nameInArn = (arn: string): string => arn.slice(arn.lastIndexOf(':') + 1);

function deadLetterTarget(redrivePolicy: string | undefined): string | undefined {
  if (redrivePolicy === undefined) return undefined;
  const policy = JSON.parse(redrivePolicy) as { deadLetterTargetArn?: string };
  return policy.deadLetterTargetArn;
}

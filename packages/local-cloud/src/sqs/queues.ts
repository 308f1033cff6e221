import { AwsError } from '../aws-error.ts';
import { loadFauxqs } from './fauxqs.ts';
import type { Fauxqs, SqsQueue, SqsStore } from './fauxqs.ts';
import { isObject } from '../is-object.ts';
import { LocalCloudError } from '../local-cloud-error.ts';
import { LongPollWaiters } from './long-poll-waiters.ts';
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
  MessageAttributes?: Record<string, { DataType: string; StringValue?: string; BinaryValue?: string }>;
}

type Input = Record<string, unknown>;

const MAX_DELAY_SECONDS = 900;

/**
 * SQS: fauxqs's queues, without its HTTP server. It differs from fauxqs in these points:
 * - A queue URL identifies the queue by its last segment, whatever its host. New URLs are
 *   `http://localhost:4566/000000000000/<name>`, which resolves on every machine. fauxqs's host
 *   `sqs.us-east-1.localhost` does not.
 * - A long poll receives no message after its client has disconnected.
 * - Message counts are correct also while nobody receives.
 * - A message keeps its trace header (`AWSTraceHeader`).
 * - As on AWS, a response has only the requested attributes, and a delay of more than 15 minutes is an error.
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
    const request: Input = { ...(input as Input | undefined) };
    if (typeof request.QueueUrl === 'string') request.QueueUrl = this.queue(nameInUrl(request.QueueUrl)).url;
    switch (action) {
      case 'ReceiveMessage':
        return this.receive(request, signal);
      case 'SendMessage':
        refuseLongDelay(request.DelaySeconds);
        return this.call(action, encodeTraceHeader(request));
      case 'SendMessageBatch':
        return this.sendBatch(request);
      case 'GetQueueAttributes':
        return this.getAttributes(request);
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
    if (Array.isArray(answer.QueueUrls))
      return { QueueUrls: answer.QueueUrls.map((url) => this.url(nameInUrl(String(url)))) };
    return answer;
  }

  private async getAttributes(request: Input): Promise<unknown> {
    this.queueOf(request)?.processTimers();
    // Without AttributeNames AWS returns no attribute, fauxqs all.
    const answer = await this.call('GetQueueAttributes', { ...request, AttributeNames: request.AttributeNames ?? [] });
    return Object.keys(answer.Attributes ?? {}).length === 0 ? {} : answer;
  }

  private async sendBatch(request: Input): Promise<unknown> {
    const received = (Array.isArray(request.Entries) ? request.Entries : []) as {
      Id: string;
      DelaySeconds?: unknown;
    }[];
    const entries = received.map((entry) => (isObject(entry) ? encodeTraceHeader(entry) : entry));
    const refused = entries.flatMap(({ Id, DelaySeconds }) => {
      try {
        refuseLongDelay(DelaySeconds);
        return [];
      } catch (error) {
        const { code, message } = error as AwsError;
        return [{ Id, SenderFault: true, Code: code, Message: message }];
      }
    });
    if (refused.length === 0)
      return this.call('SendMessageBatch', received.length > 0 ? { ...request, Entries: entries } : request);
    const accepted = entries.filter(({ Id }) => !refused.some((refusal) => refusal.Id === Id));
    if (accepted.length === 0) return { Successful: [], Failed: refused };
    const answer = await this.call('SendMessageBatch', { ...request, Entries: accepted });
    return { ...answer, Failed: [...refused, ...((answer.Failed as unknown[] | undefined) ?? [])] };
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
      if (over || answer.Messages !== undefined) return withRequestedAttributes(answer, request);
      await this.longPolls.wait(queue, remaining, signal);
    }
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

function refuseLongDelay(delaySeconds: unknown): void {
  if (typeof delaySeconds !== 'number' || (delaySeconds >= 0 && delaySeconds <= MAX_DELAY_SECONDS)) return;
  const reason = `Reason: DelaySeconds must be >= 0 and <= ${MAX_DELAY_SECONDS}.`;
  throw new AwsError('InvalidParameterValue', `Value ${delaySeconds} for parameter DelaySeconds is invalid. ${reason}`);
}

/** Without MessageAttributeNames AWS returns no message attribute, fauxqs all. */
function withRequestedAttributes(answer: { Messages?: SqsMessage[] }, request: Input): { Messages?: SqsMessage[] } {
  const requestsAttributes = Array.isArray(request.MessageAttributeNames) && request.MessageAttributeNames.length > 0;
  const messages = answer.Messages?.map((message) => decodeTraceHeader(message, request));
  if (messages === undefined) return answer;
  if (requestsAttributes) return { Messages: messages };
  return { Messages: messages.map(({ MessageAttributes: _, MD5OfMessageAttributes: __, ...message }) => message) };
}

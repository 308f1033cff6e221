import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { createInterface } from 'node:readline';
import {
  DeleteMessageBatchCommand,
  type Message,
  PurgeQueueCommand,
  ReceiveMessageCommand,
  SendMessageBatchCommand,
  type SendMessageBatchRequestEntry,
} from '@aws-sdk/client-sqs';
import { openTarget, type Target } from '../../airline/target.ts';
import { type DeadLetterQueue, deadLetterQueues } from '../../dead-letters/dead-letters.ts';
import type { Order } from './queues-server.ts';

type Letter = Pick<SendMessageBatchRequestEntry, 'MessageBody' | 'MessageAttributes'>;

interface SeatsQueues {
  target: Target;
  all: DeadLetterQueue[];
  unhandled: DeadLetterQueue;
  undelivered: DeadLetterQueue;
}

/** The queues and logs of seats, in a process of their own, and a target with clients for them. */
export class RunningQueues {
  readonly #stop: () => Promise<void>;
  readonly port: number;

  /** Tells the process something. Resolves when it is done. */
  readonly tell: (order: Order) => Promise<void>;

  private constructor(port: number, tell: (order: Order) => Promise<void>, stop: () => Promise<void>) {
    this.port = port;
    this.tell = tell;
    this.#stop = stop;
  }

  static async start(): Promise<RunningQueues> {
    const child = spawn(process.execPath, ['--import', 'tsx/esm', path.join(__dirname, 'queues-server.ts')], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    const output = createInterface(child.stdout);
    const port = await Promise.race([
      once(output, 'line').then(([line]) => Number(line)),
      once(child, 'exit').then(([code]) => Promise.reject(new Error(`The queues ended with exit code ${code}.`))),
    ]);
    const tell = async (order: Order): Promise<void> => {
      const answered = once(output, 'line');
      child.stdin.write(`${JSON.stringify(order)}\n`);
      await answered;
    };
    return new RunningQueues(port, tell, async () => {
      const exit = once(child, 'exit');
      child.stdin.end();
      await exit;
    });
  }

  /** A target with new clients, so that a test which makes one fail affects no other test. */
  target(): Target {
    return openTarget('local', { awsPort: this.port, httpPort: 0 });
  }

  /** Empties the queues, hidden messages included. @returns the dead-letter queues and a new target */
  async emptied(): Promise<SeatsQueues> {
    const target = this.target();
    const all = await deadLetterQueues(target, 'seats');
    const unhandled = all.find(({ kind }) => kind === 'unhandled')!;
    const undelivered = all.find(({ kind }) => kind === 'undelivered')!;
    for (const QueueUrl of [unhandled.url, undelivered.url, unhandled.sourceUrl])
      await target.sqs.send(new PurgeQueueCommand({ QueueUrl }));
    return { target, all, unhandled, undelivered };
  }

  async stop(): Promise<void> {
    await this.#stop();
  }
}

/** Receives and deletes every visible message of a queue. */
export async function drain(target: Target, url: string): Promise<Message[]> {
  const all: Message[] = [];
  for (;;) {
    const { Messages = [] } = await target.sqs.send(
      new ReceiveMessageCommand({
        QueueUrl: url,
        MaxNumberOfMessages: 10,
        VisibilityTimeout: 60,
        MessageAttributeNames: ['All'],
        MessageSystemAttributeNames: ['All'],
      }),
    );
    if (Messages.length === 0) return all;
    all.push(...Messages);
    const Entries = Messages.map(({ ReceiptHandle }, id) => ({ Id: String(id), ReceiptHandle }));
    await target.sqs.send(new DeleteMessageBatchCommand({ QueueUrl: url, Entries }));
  }
}

export async function put(target: Target, { url }: Pick<DeadLetterQueue, 'url'>, letters: Letter[]): Promise<void> {
  for (let index = 0; index < letters.length; index += 10) {
    const Entries = letters.slice(index, index + 10).map((letter, id) => ({ Id: String(id), ...letter }));
    await target.sqs.send(new SendMessageBatchCommand({ QueueUrl: url, Entries }));
  }
}

/** The body of a queue's message: an event as EventBridge delivers it. */
export function envelope(type: string, bookingId: string): string {
  return JSON.stringify({
    'detail-type': type,
    source: 'airline.payments',
    time: '2026-12-01T09:30:00Z',
    detail: { metadata: {}, data: { bookingId } },
  });
}

export const text = (StringValue: string) => ({ DataType: 'String', StringValue });

/** Letters of events that the consumer failed to handle, each of another booking. */
export const gaveUp = (count: number, type = 'PaymentOk') =>
  Array.from({ length: count }, (_, index) => ({ MessageBody: envelope(type, `booking-${index}`) }));

/** A letter that the consumer can never handle. */
export const poison = (body: string, reason = 'not-json') => ({
  MessageBody: body,
  MessageAttributes: {
    reason: text(reason),
    error: text('Unexpected token'),
    originalMessageId: text('m-1'),
    receiveCount: { DataType: 'Number', StringValue: '1' },
  },
});

type Failing = 'SendMessageBatch' | 'DeleteMessageBatch';

/** Makes AWS refuse an operation of a target's client to the role `airline-reader`. */
export function refuse(target: Target, operation: Failing): void {
  const action = `sqs:${operation.replace('Batch', '').toLowerCase()}`;
  const message =
    `User: arn:aws:sts::111122223333:assumed-role/airline-reader/ada is not authorized to perform: ${action} on resource: ` +
    `arn:aws:sqs:eu-west-1:111122223333:airline-seats because no identity-based policy allows the ${action} action`;
  target.sqs.middlewareStack.add(
    (next, context) => async (args) => {
      if (context.commandName !== `${operation}Command`) return next(args);
      throw Object.assign(new Error(message), { name: 'AccessDenied' });
    },
    { step: 'initialize', name: `refuse${operation}` },
  );
}

/**
 * Makes a batch operation of a target's client fail for chosen entries. The answer reports them as failed, as SQS
 * does, and only the others reach the queue.
 */
export function failEntries(
  target: Target,
  operation: Failing,
  chosen: (entry: Pick<SendMessageBatchRequestEntry, 'Id' | 'MessageBody'>) => boolean,
): void {
  target.sqs.middlewareStack.add(
    (next, context) => async (args) => {
      const input = args.input as { Entries?: SendMessageBatchRequestEntry[] };
      if (context.commandName !== `${operation}Command` || !input.Entries) return next(args);
      const failing = input.Entries.filter(chosen);
      const Failed = failing.map(({ Id }) => ({
        Id,
        Code: 'InternalError',
        Message: 'the disk is full',
        SenderFault: false,
      }));
      const passing = input.Entries.filter((entry) => !failing.includes(entry));
      if (passing.length === 0) return { response: {}, output: { $metadata: {}, Successful: [], Failed } };
      const answer = await next({ ...args, input: { ...args.input, Entries: passing } });
      return { ...answer, output: { ...answer.output, Failed } };
    },
    { step: 'initialize', name: `fail${operation}` },
  );
}

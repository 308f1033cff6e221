import {
  AccountSuspendedException,
  BadRequestException,
  LimitExceededException,
  MailFromDomainNotVerifiedException,
  MessageRejected,
  SendEmailCommand,
  SendingPausedException,
  SESv2Client,
  SESv2ServiceException,
  TooManyRequestsException,
} from '@aws-sdk/client-sesv2';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { mockClient } from 'aws-sdk-client-mock';
import startSes from 'aws-ses-v2-local';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Mailer, MailRejectedError, MailUnavailableError } from '../src/mailer.ts';
import { receiptMail } from '../src/receipt-mail.ts';
import { createSesMailer, mailboxOf } from '../src/ses-mailer.ts';
import { receipt } from './fixtures.ts';

const from = 'receipts@airline.example';
const clients: SESv2Client[] = [];

const urlOf = (server: Server): string => `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
const stop = (server: Server): Promise<unknown> =>
  new Promise((resolve) => server.close(resolve).closeAllConnections());

function mailerAt(endpoint: string): Mailer {
  const client = new SESv2Client({
    endpoint,
    region: 'us-east-1',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
    maxAttempts: 1,
  });
  clients.push(client);
  return createSesMailer({ client, from });
}

afterAll(() => clients.forEach((client) => client.destroy()));

describe('a stand-in for SES', () => {
  let ses: Server;

  beforeAll(async () => {
    ses = await startSes({ host: '127.0.0.1', port: 0 });
  });
  afterAll(() => stop(ses));

  test('accepts the receipt: sender, recipient, subject and both bodies', async () => {
    const mail = receiptMail(receipt({ passenger: { name: 'Zoë "Z" O’Hara', email: 'zoe@example.com' } }));
    const { messageId } = await mailerAt(urlOf(ses)).send(mail);
    const { emails } = (await (await fetch(`${urlOf(ses)}/store`)).json()) as { emails: { messageId: string }[] };
    expect(emails.find((email) => email.messageId === messageId)).toMatchObject({
      from,
      destination: {
        to: [`=?UTF-8?B?${Buffer.from('Zoë "Z" O’Hara').toString('base64')}?= <zoe@example.com>`],
        cc: [],
        bcc: [],
      },
      subject: mail.subject,
      body: { text: mail.text, html: mail.html },
    });
  });
});

describe('SES answers with an error', () => {
  let refusal: { status: number; name: string; message: string };
  let ses: Server;

  beforeAll(async () => {
    ses = createServer((_request, response) => {
      response.writeHead(refusal.status, { 'content-type': 'application/json', 'x-amzn-errortype': refusal.name });
      response.end(JSON.stringify({ message: refusal.message }));
    });
    await new Promise<void>((resolve) => ses.listen(0, '127.0.0.1', resolve));
  });
  afterAll(() => stop(ses));

  test.each([
    ['MessageRejected', 400, MailRejectedError],
    ['BadRequestException', 400, MailRejectedError],
    ['TooManyRequestsException', 429, MailUnavailableError],
    ['SendingPausedException', 400, MailUnavailableError],
    ['AccountSuspendedException', 400, MailUnavailableError],
    ['InternalServiceErrorException', 500, MailUnavailableError],
  ])('%s', async (name, status, expected) => {
    refusal = {
      status,
      name,
      message: 'Identity <ada@example.com> failed: arn:aws:ses:us-east-1:1:identity/ada@example.com',
    };
    const failure = await mailerAt(urlOf(ses))
      .send(receiptMail(receipt()))
      .catch((error: Error) => error);
    expect(failure).toBeInstanceOf(expected);
    expect(failure).toMatchObject({ message: `${name}: Identity <***> failed: arn:aws:ses:us-east-1:1:***` });
  });

  test('SES cannot be reached', async () => {
    const closed = createServer();
    await new Promise<void>((resolve) => closed.listen(0, '127.0.0.1', resolve));
    const url = urlOf(closed);
    await stop(closed);
    await expect(mailerAt(url).send(receiptMail(receipt()))).rejects.toThrow(MailUnavailableError);
  });
});

describe('the SDK throws', () => {
  const message = 'Email address is not verified: ada@example.com';
  const error = { message, $metadata: {} };

  /** The failure of a mail when the SES client throws `thrown`. */
  async function failureOf(thrown: Error): Promise<Error> {
    const client = new SESv2Client();
    const ses = mockClient(client);
    ses.on(SendEmailCommand).rejects(thrown);
    const failure = await createSesMailer({ client, from })
      .send(receiptMail(receipt()))
      .catch((caught: Error) => caught);
    expect(ses.commandCalls(SendEmailCommand)).toHaveLength(1);
    if (!(failure instanceof Error)) throw new Error('The mail was accepted.');
    return failure;
  }

  test.each([
    ['rejected', new MessageRejected(error), MailRejectedError],
    ['invalid', new BadRequestException(error), MailRejectedError],
    ['throttled', new TooManyRequestsException(error), MailUnavailableError],
    ['above the quota', new LimitExceededException(error), MailUnavailableError],
    ['of a paused account', new SendingPausedException(error), MailUnavailableError],
    ['of a suspended account', new AccountSuspendedException(error), MailUnavailableError],
    ['of an unverified domain', new MailFromDomainNotVerifiedException(error), MailUnavailableError],
    [
      'not possible: SES is down',
      new SESv2ServiceException({ ...error, name: 'ServiceUnavailable', $fault: 'server' }),
      MailUnavailableError,
    ],
    ['cut off', Object.assign(new Error(message), { name: 'TimeoutError' }), MailUnavailableError],
  ])('a mail is %s: the error has no address and no cause', async (_, thrown, expected) => {
    const failure = await failureOf(thrown);
    expect(failure).toBeInstanceOf(expected);
    expect(failure.message).toBe(`${thrown.name}: Email address is not verified: ***`);
    expect(failure.cause).toBeUndefined();
  });

  test('SES answers without a MessageId: the mail counts as not accepted, and is sent again later', async () => {
    const client = new SESv2Client();
    mockClient(client).on(SendEmailCommand).resolves({});
    const failing = createSesMailer({ client, from }).send(receiptMail(receipt()));
    await expect(failing).rejects.toThrow(MailUnavailableError);
    await expect(failing).rejects.toThrow('SES answered without a MessageId.');
  });
});

describe('the To header', () => {
  const email = 'ada@example.com';

  test.each([
    ['Ada Lovelace', '"Ada Lovelace" <ada@example.com>'],
    ['Lovelace, Ada', '"Lovelace, Ada" <ada@example.com>'],
    ['Ada "The Countess" \\ Lovelace', '"Ada \\"The Countess\\" \\\\ Lovelace" <ada@example.com>'],
    ['eve@example.com>, Ada <', '"eve@example.com>, Ada <" <ada@example.com>'],
    ['Ada\r\nBcc: eve@example.com', '"Ada\\\\u{d}\\\\u{a}Bcc: eve@example.com" <ada@example.com>'],
    ['  ', 'ada@example.com'],
    ['=?UTF-8?Q?Your_Bank?=', `=?UTF-8?B?${btoa('=?UTF-8?Q?Your_Bank?=')}?= <ada@example.com>`],
    ['Zoë', '=?UTF-8?B?Wm/Dqw==?= <ada@example.com>'],
    ['名'.repeat(200), 'ada@example.com'],
  ])('%j', (name, header) => {
    expect(mailboxOf({ name, email })).toBe(header);
  });

  test('a long name is split between characters into encoded words of at most 75 characters', () => {
    const name = 'Ångström-Çelik 名前 '.repeat(4).trim();
    const words = mailboxOf({ name, email }).replace(/ <.*/, '').split(' ');
    expect(words.length).toBeGreaterThan(1);
    for (const word of words) expect(word.length).toBeLessThanOrEqual(75);
    expect(words.map((word) => Buffer.from(word.slice(10, -2), 'base64').toString()).join('')).toBe(name);
  });
});

import {
  AccountSuspendedException,
  BadRequestException,
  LimitExceededException,
  MailFromDomainNotVerifiedException,
  MessageRejected,
  SendEmailCommand,
  SendingPausedException,
  SESv2Client,
  type SESv2ClientConfig,
  SESv2ServiceException,
  TooManyRequestsException,
} from '@aws-sdk/client-sesv2';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { mockClient } from 'aws-sdk-client-mock';
import startSes from 'aws-ses-v2-local';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { handlersReserveMilliseconds } from '@airline/messaging/batch-time';
import { type Mailer, MailRejectedError, MailUnavailableError } from '../src/mailer.ts';
import { receiptMail } from '../src/receipt-mail.ts';
import { createSesMailer, mailboxOf, sesTimeLimits } from '../src/ses-mailer.ts';
import { receipt } from './fixtures.ts';

const from = 'receipts@airline.example';
const configurationSet = 'airline-receipts';
const clients: SESv2Client[] = [];

const urlOf = (server: Server): string => `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
const stop = (server: Server): Promise<unknown> =>
  new Promise((resolve) => server.close(resolve).closeAllConnections());

function mailerAt(endpoint: string, limits: SESv2ClientConfig = { maxAttempts: 1 }): Mailer {
  const client = new SESv2Client({
    endpoint,
    region: 'us-east-1',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
    ...limits,
  });
  clients.push(client);
  return createSesMailer({ client, from, configurationSet });
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

  /** From SES's pages on errors of sending, of API v2 and of quotas, and from what its users report. */
  const aboutOneMail = [
    ['MessageRejected', 400, 'Message contains invalid content'],
    ['MessageRejected', 400, 'There are no recipients specified'],
    ['BadRequestException', 400, "Missing final '@domain'"],
    ['BadRequestException', 400, 'Illegal address'],
    ['BadRequestException', 400, 'Local address contains control or whitespace'],
    ['BadRequestException', 400, 'There are non-ASCII characters in the email address'],
  ] as const;
  const notVerified = 'Email address is not verified. The following identities failed the check in region EU-WEST-1: ';
  const aboutAllMails = [
    ['MessageRejected', 400, `${notVerified}<ada@example.com>`],
    ['MessageRejected', 400, `${notVerified}receipts@airline.example`],
    ['BadRequestException', 400, `${notVerified}<ada@example.com>`],
    ['MessageRejected', 400, 'Account is paused'],
    ['MessageRejected', 400, 'Sending suspended for this account. For more information, please check the inbox'],
    ['BadRequestException', 400, 'Configuration set does not exist'],
    ['NotFoundException', 404, 'Configuration set <airline-receipts> does not exist.'],
    ['MailFromDomainNotVerifiedException', 400, 'Mail FROM domain is not verified'],
    ['AccountSuspendedException', 400, 'Your account has been shut down.'],
    ['SendingPausedException', 400, 'Email sending has been paused for this account or configuration set.'],
    ['LimitExceededException', 400, 'There are too many instances of the specified resource type.'],
    ['LimitExceededException', 400, 'Daily message quota exceeded'],
    ['TooManyRequestsException', 429, 'Too many requests have been made to the operation.'],
    ['TooManyRequestsException', 429, 'Maximum sending rate exceeded.'],
    ['ThrottlingException', 400, 'Maximum sending rate exceeded.'],
    ['Throttling', 400, 'Daily message quota exceeded.'],
    ['AccessDeniedException', 403, 'not authorized to perform ses:SendEmail on arn:aws:ses:us-east-1:1:identity/*'],
    ['ExpiredTokenException', 403, 'The security token included in the request is expired'],
    ['InternalFailure', 500, 'The request processing has failed.'],
    ['ServiceUnavailable', 503, 'The service is temporarily unavailable.'],
  ] as const;

  test.each([
    ...aboutOneMail.map(([...answer]) => [...answer, MailRejectedError] as const),
    ...aboutAllMails.map(([...answer]) => [...answer, MailUnavailableError] as const),
  ])('%s %s %j', async (name, status, message, expected) => {
    refusal = { status, name, message };
    await expect(mailerAt(urlOf(ses)).send(receiptMail(receipt()))).rejects.toThrow(expected);
  });

  test('an error has no address', async () => {
    refusal = {
      status: 400,
      name: 'BadRequestException',
      message: 'Identity <ada@example.com> failed: arn:aws:ses:us-east-1:1:identity/ada@example.com',
    };
    const failure = await mailerAt(urlOf(ses))
      .send(receiptMail(receipt()))
      .catch((error: Error) => error);
    expect(failure).toMatchObject({
      message: 'BadRequestException: Identity <***> failed: arn:aws:ses:us-east-1:1:***',
    });
  });

  test('SES does not answer: the request ends before the time of a batch does', async () => {
    const { maxAttempts, requestHandler } = sesTimeLimits;
    const consumerTimeout = 10_000;
    // The SDK pauses for 0.1 seconds at most before its second attempt.
    expect(maxAttempts * (requestHandler.requestTimeout + 100)).toBeLessThan(
      consumerTimeout - handlersReserveMilliseconds - 1000,
    );
    const silent = createServer(() => undefined);
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    const limits = { maxAttempts: 1, requestHandler: { ...requestHandler, requestTimeout: 50 } };
    await expect(mailerAt(urlOf(silent), limits).send(receiptMail(receipt()))).rejects.toThrow(MailUnavailableError);
    await stop(silent);
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
    const failure = await createSesMailer({ client, from, configurationSet })
      .send(receiptMail(receipt()))
      .catch((caught: Error) => caught);
    expect(ses.commandCalls(SendEmailCommand)).toHaveLength(1);
    if (!(failure instanceof Error)) throw new Error('The mail was accepted.');
    return failure;
  }

  test.each([
    ['rejected', new MessageRejected(error), MailUnavailableError],
    ['invalid', new BadRequestException(error), MailUnavailableError],
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

  test('a mail names the configuration set, which reports its bounce', async () => {
    const client = new SESv2Client();
    const ses = mockClient(client);
    ses.on(SendEmailCommand).resolves({ MessageId: 'mail-1' });
    await createSesMailer({ client, from, configurationSet }).send(receiptMail(receipt()));
    expect(ses.commandCalls(SendEmailCommand)[0]!.args[0].input).toMatchObject({
      FromEmailAddress: from,
      ConfigurationSetName: configurationSet,
    });
  });

  test('SES answers without a MessageId: the mail counts as not accepted, and is sent again later', async () => {
    const client = new SESv2Client();
    mockClient(client).on(SendEmailCommand).resolves({});
    const failing = createSesMailer({ client, from, configurationSet }).send(receiptMail(receipt()));
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

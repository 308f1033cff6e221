import { SendEmailCommand, type SESv2Client, type SESv2ClientConfig } from '@aws-sdk/client-sesv2';
import { maskAddresses } from '@airline/events-schemas/personal-data';
import { printableInMail } from '@airline/events-schemas/printable';
import { type Mail, type Mailer, MailRejectedError, MailUnavailableError } from './mailer.ts';

/** The maximum length of an address with its display name. A longer one is sent without the name. */
const maximumMailboxLength = 320;
/** RFC 2047: an encoded word has at most 75 characters. In base 64 these hold 45 bytes. */
const encodedWordBytes = 45;

/**
 * The errors that can be about one mail. Every other one is about the account, the sender, a quota or SES itself:
 * AccountSuspendedException, SendingPausedException, MailFromDomainNotVerifiedException, LimitExceededException,
 * TooManyRequestsException, NotFoundException (the configuration set), throttling, denied access, 5xx, a timeout
 * (https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_SendEmail.html#API_SendEmail_Errors).
 */
const errorsOfOneMail = ['MessageRejected', 'BadRequestException'];

/**
 * What these errors say when their reason is not the mail after all. In the sandbox a recipient must be verified, so
 * "Email address is not verified" says that the account has not left the sandbox, or that the sender is not verified
 * (https://docs.aws.amazon.com/ses/latest/dg/troubleshoot-error-messages.html).
 */
const reasonsBeyondTheMail = [
  /\bnot verified\b/i,
  /\b(paused|suspended|shut ?down|disabled)\b/i,
  /\b(quota|sending rate|throttl|limit exceeded)/i,
  /\bconfiguration set\b/i,
];

/**
 * Limits for a client of SES, so that a request that hangs ends before the time of its batch does: two attempts of 2.5
 * seconds.
 */
export const sesTimeLimits = {
  maxAttempts: 2,
  requestHandler: { connectionTimeout: 1000, requestTimeout: 2500, throwOnRequestTimeout: true },
} as const satisfies SESv2ClientConfig;

/**
 * Sends mails through Amazon SES.
 * @param options.from an address that is verified in SES
 * @param options.configurationSet it decides where SES reports bounces and complaints
 */
export function createSesMailer({
  client,
  from,
  configurationSet,
}: {
  client: Pick<SESv2Client, 'send'>;
  from: string;
  configurationSet: string;
}): Mailer {
  return {
    async send({ to, subject, text, html }) {
      try {
        const { MessageId } = await client.send(
          new SendEmailCommand({
            FromEmailAddress: from,
            ConfigurationSetName: configurationSet,
            Destination: { ToAddresses: [mailboxOf(to)] },
            Content: { Simple: { Subject: utf8(subject), Body: { Text: utf8(text), Html: utf8(html) } } },
          }),
        );
        if (MessageId === undefined) throw new Error('SES answered without a MessageId.');
        return { messageId: MessageId };
      } catch (error) {
        // SES quotes addresses in its messages, and these errors are logged and sent to dead-letter queues. So the new
        // error has masked addresses and no cause.
        const { name, message } = error as Error;
        const masked = `${name}: ${maskAddresses(message)}`;
        throw isAboutTheMail(name, message) ? new MailRejectedError(masked) : new MailUnavailableError(masked);
      }
    },
  };
}

function isAboutTheMail(name: string, message: string): boolean {
  return errorsOfOneMail.includes(name) && !reasonsBeyondTheMail.some((reason) => reason.test(message));
}

/**
 * `"Ada Lovelace" <ada@example.com>`, quoted so that any name is safe in a header (RFC 5322). SES accepts only ASCII in
 * headers, so other names are sent as encoded words (RFC 2047).
 */
export function mailboxOf({ name, email }: Mail['to']): string {
  const printable = printableInMail(name, Infinity).trim();
  // Many mail programs decode an encoded word in a quoted name too, and would show what only it contains.
  const phrase =
    /^[\x20-\x7e]*$/.test(printable) && !printable.includes('=?')
      ? `"${printable.replaceAll(/["\\]/g, '\\$&')}"`
      : encodedWords(printable);
  const mailbox = `${phrase} <${email}>`;
  return printable === '' || mailbox.length > maximumMailboxLength ? email : mailbox;
}

function encodedWords(text: string): string {
  const words = [''];
  for (const character of text) {
    const last = words[words.length - 1]!;
    if (Buffer.byteLength(last + character) <= encodedWordBytes) words[words.length - 1] = last + character;
    else words.push(character);
  }
  return words.map((word) => `=?UTF-8?B?${Buffer.from(word).toString('base64')}?=`).join(' ');
}

function utf8(data: string): { Data: string; Charset: 'UTF-8' } {
  return { Data: data, Charset: 'UTF-8' };
}

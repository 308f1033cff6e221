import { BadRequestException, MessageRejected, SendEmailCommand, type SESv2Client } from '@aws-sdk/client-sesv2';
import { type Mail, type Mailer, MailRejectedError, MailUnavailableError } from './mailer.ts';

/** An address with its display name may be no longer; addresses alone are far shorter. */
const maximumMailboxLength = 320;
/** RFC 2047: an encoded word has at most 75 characters, of which base 64 carries 45 bytes. */
const encodedWordBytes = 45;

/** Sends through Amazon SES, from an address that must be verified there. */
export function createSesMailer({ client, from }: { client: Pick<SESv2Client, 'send'>; from: string }): Mailer {
  return {
    async send({ to, subject, text, html }) {
      try {
        const { MessageId } = await client.send(
          new SendEmailCommand({
            FromEmailAddress: from,
            Destination: { ToAddresses: [mailboxOf(to)] },
            Content: { Simple: { Subject: utf8(subject), Body: { Text: utf8(text), Html: utf8(html) } } },
          }),
        );
        if (MessageId === undefined) throw new Error('SES answered without a MessageId.');
        return { messageId: MessageId };
      } catch (error) {
        // SES quotes addresses in its complaints, and these errors end up in logs and dead-letter queues; hence also no cause.
        const { name, message } = error as Error;
        const complaint = `${name}: ${message.replaceAll(/[^\s<>"',;:/]+@[^\s<>"',;:/]+/g, '***')}`;
        if (error instanceof MessageRejected || error instanceof BadRequestException)
          throw new MailRejectedError(complaint);
        throw new MailUnavailableError(complaint);
      }
    },
  };
}

/**
 * `"Ada Lovelace" <ada@example.com>`, safe in a header whatever the name (RFC 5322). SES takes only ASCII there, so another name
 * is sent as encoded words (RFC 2047).
 */
export function mailboxOf({ name, email }: Mail['to']): string {
  const printable = name.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, ' ').trim();
  const phrase = /^[\x20-\x7e]*$/.test(printable)
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

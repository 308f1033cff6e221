export interface Mail {
  to: { name: string; email: string };
  subject: string;
  text: string;
  html: string;
}

export interface Mailer {
  /**
   * Sends a mail.
   * @returns the provider's id of the mail
   * @throws MailRejectedError, MailUnavailableError
   */
  send(mail: Mail): Promise<{ messageId: string }>;
}

/** The provider will never accept this mail, for a reason of its own. The error's message contains no address. */
export class MailRejectedError extends Error {
  override readonly name = 'MailRejectedError';
}

/**
 * The provider did not accept the mail this time. The reason is in the account, the sender, a quota or the provider,
 * and may last for a day. The error's message contains no address.
 */
export class MailUnavailableError extends Error {
  override readonly name = 'MailUnavailableError';
}

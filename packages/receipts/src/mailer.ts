export interface Mail {
  to: { name: string; email: string };
  subject: string;
  text: string;
  html: string;
}

export interface Mailer {
  /**
   * Hands the mail over for delivery.
   * @returns the provider's id of the mail
   * @throws MailRejectedError, MailUnavailableError
   */
  send(mail: Mail): Promise<{ messageId: string }>;
}

/** The provider will never take this mail, however often it is tried. The message names no address. */
export class MailRejectedError extends Error {
  override readonly name = 'MailRejectedError';
}

/** The provider did not take the mail this time. The message names no address. */
export class MailUnavailableError extends Error {
  override readonly name = 'MailUnavailableError';
}

import { maskAddresses, maskPersonalData } from '@airline/events-schemas/personal-data';
import type { DeadLetter } from './dead-letters.ts';

type MaskedLetter = Omit<DeadLetter, 'body'> & { body: unknown };

/** A dead letter without personal data. Its body is JSON with masked fields, or a sentence if the body is not JSON. */
export function maskedLetter(letter: DeadLetter): MaskedLetter {
  const { reason, error, detailType, correlationId, body } = letter;
  return {
    ...letter,
    reason: maskAddresses(reason),
    ...(detailType !== undefined && { detailType: maskAddresses(detailType) }),
    ...(correlationId !== undefined && { correlationId: maskAddresses(correlationId) }),
    ...(error !== undefined && { error: maskedError(reason, error) }),
    body: maskedBody(body),
  };
}

/** A JSON parser quotes the text that it could not parse, and a mail server the address that it refused. */
function maskedError(reason: string, error: string): string {
  const withoutQuotes = reason === 'not-json' ? error.replace(/"[^]*"/, '"***"') : error;
  return maskAddresses(withoutQuotes);
}

function maskedBody(body: string): unknown {
  try {
    return maskPersonalData(JSON.parse(body));
  } catch {
    // Without a structure nothing can be masked.
    return `(not JSON, ${body.length} characters; not shown: it could contain personal data, --reveal shows it)`;
  }
}

import { maskAddresses, maskPersonalData } from '@airline/events-schemas/personal-data';
import type { DeadLetter } from './dead-letters.ts';

type MaskedLetter<Letter extends DeadLetter> = Omit<Letter, 'body'> & { body: unknown };

/** A single letter is in too many errors to be masked in them. */
const shortestText = 2;
const longestText = 200;
const mostTexts = 50;
const deepest = 50;

/** A dead letter without personal data. Its body is JSON with masked fields, or a sentence if the body is not JSON. */
export function maskedLetter<Letter extends DeadLetter>(letter: Letter): MaskedLetter<Letter> {
  const { reason, error, detailType, correlationId, body } = letter;
  return {
    ...letter,
    reason: maskAddresses(reason),
    ...(detailType !== undefined && { detailType: maskAddresses(detailType) }),
    ...(correlationId !== undefined && { correlationId: maskAddresses(correlationId) }),
    ...(error !== undefined && { error: maskedError(letter, error) }),
    body: maskedBody(body),
  };
}

/**
 * An error about a letter, without personal data. A JSON parser quotes the text that it could not parse, a mail server
 * the address that it refused, and any error may quote a personal field of the letter's body.
 */
export function maskedError({ reason, body }: Pick<DeadLetter, 'reason' | 'body'>, error: string): string {
  const withoutQuotes = reason === 'not-json' ? error.replace(/"[^]*"/, '"***"') : error;
  const withoutAddresses = maskAddresses(withoutQuotes);
  return personalTexts(body).reduce((text, personal) => text.replaceAll(asWord(personal), '***'), withoutAddresses);
}

/** Finds a text where it is no part of a longer word: a passenger may be called `Ref`, and an error say `refused`. */
function asWord(text: string): RegExp {
  return new RegExp(`(?<![\\p{L}\\p{N}])${text.replaceAll(/[\\^$.*+?()[\]{}|/]/g, '\\$&')}(?![\\p{L}\\p{N}])`, 'gu');
}

function maskedBody(body: string): unknown {
  try {
    return maskPersonalData(JSON.parse(body));
  } catch {
    // Without a structure nothing can be masked.
    return `(not JSON, ${body.length} characters; not shown: it could contain personal data, --reveal shows it)`;
  }
}

/** The texts of a body that {@link maskPersonalData} masks, the longest first. */
function personalTexts(body: string): string[] {
  const texts = new Set<string>();
  const collect = (original: unknown, masked: unknown, depth: number): void => {
    if (depth > deepest || texts.size >= mostTexts || original === masked) return;
    if (typeof original === 'string') {
      if (original.length >= shortestText && original.length <= longestText) texts.add(original);
    } else if (typeof original === 'object' && original !== null) {
      const parts = typeof masked === 'object' && masked !== null ? Object.values(masked) : [];
      const originals = Object.values(original);
      // Names of fields may be masked, too. Then some are gone, and all values count as personal.
      const fits = parts.length === originals.length;
      for (const [index, value] of originals.entries()) collect(value, fits ? parts[index] : undefined, depth + 1);
    }
  };
  try {
    const parsed: unknown = JSON.parse(body);
    collect(parsed, maskPersonalData(parsed), 0);
  } catch {
    return [];
  }
  return [...texts].sort((a, b) => b.length - a.length);
}

import { maskAddresses } from '@airline/events-schemas/personal-data';

/** Stands for what differs between two errors of one cause. */
const varying = '#';
/** In characters. */
const longestText = 2000;
const longestPattern = 300;

/** Ids of Stripe: a prefix and random letters, of which none need be a digit. */
const providerId = /^[a-z]{2,5}_(?=[A-Za-z]*[A-Z])[A-Za-z]{14,}$/;

/**
 * An error without what differs from one message to the next: ids, numbers, times and addresses of mail and network
 * become `#`. Two errors of one cause have one pattern. A word with a digit in it counts as an id, so `HTTP 500` and
 * `HTTP 503` are one cause. A name is not recognized: see {@link maskedError}.
 */
export function errorPattern(text: string): string {
  return (
    maskAddresses(text.slice(0, longestText))
      .replaceAll('***', varying)
      .replaceAll(/\d{4}-\d\d-\d\dT\d\d:\d\d[\d:.]*(?:Z|[+-]\d\d:\d\d)?/g, varying)
      // IPv6, and times of day.
      .replaceAll(/(?<![\w:])[0-9a-f]{0,4}(?::[0-9a-f]{0,4}){2,8}(?![\w:])/gi, varying)
      .replaceAll(/[\p{L}\p{N}_-]+/gu, (word) => (/\p{N}/u.test(word) || providerId.test(word) ? varying : word))
      // Of 1,234.50, 10.0.0.1:443 and lists of ids, one remains.
      .replaceAll(/#(?:[.:,/+-] ?#)+/g, varying)
      .replaceAll(/\s+/g, ' ')
      .trim()
      .slice(0, longestPattern)
  );
}

import { catalogue } from './generated/catalogue.ts';

const mask = '***';

/** A value that is nested deeper is masked whole: a body may be nested so deep that the stack would not suffice. */
const deepest = 50;

const personalPaths = Object.values(catalogue).flatMap(({ personal }) => personal as readonly (readonly string[])[]);
/** The names of fields that the contract marks as personal, e.g. `email`. */
const personalNames = new Set(personalPaths.map((path) => comparable(path[path.length - 1]!)));
/** The names of objects that hold such fields, e.g. `passenger`. */
const holderNames = new Set(personalPaths.flatMap((path) => path.slice(0, -1).map(comparable)));
/** The objects of an event. A text that stands in place of one is in no field. */
const eventParts = new Set(['detail', 'data', 'metadata']);

/**
 * Copies any JSON value and replaces personal data by `***`. All code that prints events must use it. A dead letter may
 * have a field anywhere, so the rules hold at every depth, and in JSON inside a string:
 * - A field is masked whole if its name contains the name of a field that the contract marks `"x-personal"`: `email`,
 *   `E-Mail`, `passengerName`. Case and separators do not count.
 * - Everything in the object of such fields is masked (`passenger`); of its names only the contract's are shown.
 * - Text with an e-mail address in it loses the address, also as the name of a field.
 * - Text that is in no field is masked whole, also if it is the `detail`, `data` or `metadata` of an event.
 */
export function maskPersonalData(value: unknown): unknown {
  return masked(value, 0, 'unnamed');
}

/** Replaces every e-mail address in a text by `***`: the whole word, up to the next space or bracket. */
export function maskAddresses(text: string): string {
  return (
    text
      // A local part may be a quoted string of up to 64 octets (RFC 5321). The limit keeps this linear.
      .replaceAll(/"(?:[^"\\]|\\.){0,64}"(?=@)/g, mask)
      .replaceAll(/[^\s"<>()[\],;:]+/g, (word) => (/[@＠]|%40/i.test(word) ? mask : word))
  );
}

/**
 * Where a value stands: in a field with another name, in no field (in place of the body or of a part of the event, or
 * in an array there), or where an object with personal fields belongs.
 */
type Place = 'named' | 'unnamed' | 'held';

function masked(value: unknown, depth: number, place: Place): unknown {
  if (typeof value === 'string') return place === 'held' ? mask : maskedText(value, depth, place);
  if (typeof value !== 'object' || value === null) return place === 'held' ? mask : value;
  if (depth === deepest) return mask;
  if (Array.isArray(value)) return value.map((child) => masked(child, depth + 1, place));
  return Object.fromEntries(
    Object.entries(value).map(([name, child]) => {
      const words = comparable(name);
      const isOfContract = personalNames.has(words) || holderNames.has(words);
      const childPlace = eventParts.has(words) ? 'unnamed' : 'named';
      return [
        place === 'held' && !isOfContract ? mask : maskedText(name, depth, 'named'),
        containsOne(words, personalNames)
          ? mask
          : masked(child, depth + 1, place === 'held' || containsOne(words, holderNames) ? 'held' : childPlace),
      ];
    }),
  );
}

/** JSON inside a string is masked like any JSON. Text that begins like an object but is not JSON is masked whole. */
function maskedText(text: string, depth: number, place: Place): string {
  const [first] = text.trimStart();
  if (first === '{' || first === '[' || first === '"') {
    try {
      return JSON.stringify(masked(JSON.parse(text), depth + 1, place));
    } catch {
      if (first !== '"') return mask;
    }
  }
  return place === 'unnamed' ? mask : maskAddresses(text);
}

/** The letters of a name, so that `E-Mail`, `e_mail` and `eMail` are one name. */
function comparable(name: string): string {
  return name.normalize('NFKC').toLowerCase().replaceAll(/\P{L}/gu, '');
}

function containsOne(words: string, names: ReadonlySet<string>): boolean {
  for (const name of names) if (words.includes(name)) return true;
  return false;
}

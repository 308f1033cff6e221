/**
 * Text that somebody else wrote, such as a field of a message, in a form that cannot act on a screen. A character that
 * would act, or that nobody would see, is shown as `\u{202e}`: its code point in hexadecimal, as in JavaScript.
 */

/** Controls, line separators, bidi embeddings and isolates, lone surrogates, noncharacters. */
const acting = String.raw`\p{Cc}\p{Zl}\p{Zp}\p{Cs}\u{202a}-\u{202e}\u{2066}-\u{2069}\p{Noncharacter_Code_Point}`;
/** Format characters, variation selectors, fillers. Names and emoji need some of them, e.g. the zero-width joiner. */
const invisible = String.raw`\p{Cf}\p{Default_Ignorable_Code_Point}`;
/** A backslash that would look like the start of an escape. So every \u{…} in a printable text is an escape. */
const ambiguous = String.raw`\\(?=u\{)`;

const unprintable = new RegExp(`[${acting}${invisible}]`, 'gu');
const unprintableOrAmbiguous = new RegExp(`[${acting}${invisible}]|${ambiguous}`, 'gu');
const actingOrAmbiguous = new RegExp(`[${acting}]|${ambiguous}`, 'gu');

/**
 * A text for an operator's screen, on one line. It takes linear time.
 * @param limit a longer text is cut after so many characters (code points), and its length is added:
 *   `Booking… (150000 characters)`
 */
export function printable(text: string, limit: number): string {
  return escapeStart(text, limit, unprintableOrAmbiguous);
}

/** Like {@link printable}, for a mail: joiners and other invisible parts of names and emoji stay as written. */
export function printableInMail(text: string, limit: number): string {
  return escapeStart(text, limit, actingOrAmbiguous);
}

/**
 * A text of ours on several lines that may quote others, such as an error. Line feeds stay, and so do backslashes,
 * since the text may contain the result of {@link printable}.
 * @param limit of each line
 */
export function printableLines(text: string, limit: number): string {
  return text
    .split('\n')
    .map((line) => escapeStart(line, limit, unprintable))
    .join('\n');
}

/** JSON for a screen. It parses to the same value: the characters that JSON leaves as they are become `\u202e`. */
export function printableJson(value: unknown, indent?: number): string {
  return JSON.stringify(value, undefined, indent).replaceAll(unprintable, (character) =>
    // The line feeds of the indentation. Inside a string JSON escapes them itself.
    character === '\n' ? character : character.replaceAll(/[^]/g, utf16Escape),
  );
}

function escapeStart(text: string, limit: number, unsafe: RegExp): string {
  const end = endOf(text, limit);
  if (end === text.length) return escape(text, unsafe);
  // A text that is printable already may be cut inside an escape.
  const start =
    unsafe === unprintable ? text.slice(0, end).replace(/\\(u(\{[0-9a-f]{0,6})?)?$/, '') : text.slice(0, end);
  return `${escape(start, unsafe)}… (${countCharacters(text)} characters)`;
}

function escape(text: string, unsafe: RegExp): string {
  return text.replaceAll(unsafe, (character) => `\\u{${character.codePointAt(0)!.toString(16)}}`);
}

/** The index at which so many characters end; never between the two halves of a surrogate pair. */
function endOf(text: string, characters: number): number {
  if (text.length <= characters) return text.length;
  let index = 0;
  for (let count = 0; count < characters && index < text.length; count += 1)
    index += text.codePointAt(index)! > 0xffff ? 2 : 1;
  return index;
}

function countCharacters(text: string): number {
  let count = 0;
  for (let index = 0; index < text.length; count += 1) index += text.codePointAt(index)! > 0xffff ? 2 : 1;
  return count;
}

function utf16Escape(unit: string): string {
  return `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;
}

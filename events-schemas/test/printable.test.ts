import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { printable, printableInMail, printableJson, printableLines } from '../src/printable.ts';

/** Any text: lone surrogates, controls, all planes, and texts that look like escapes. */
const anyText = fc
  .array(
    fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.integer({ min: 0xd800, max: 0xdfff }).map((unit) => String.fromCharCode(unit)),
      fc.constantFrom(
        '\\',
        'u{',
        '\\u{202e}',
        '\u202e',
        '\u009b',
        '\u001b]52;c;',
        '👩‍🚀',
        '\u2028',
        '\r\n',
        '\ufeff',
        '\u{e0041}',
      ),
    ),
  )
  .map((parts) => parts.join(''));

/** What no screen may get. Written as code points, independently of the properties that the code uses. */
function acts(text: string): string[] {
  return [...text].filter((character) => {
    const code = character.codePointAt(0)!;
    return (
      code < 0x20 ||
      (code >= 0x7f && code <= 0x9f) ||
      [0x2028, 0x2029].includes(code) ||
      (code >= 0x202a && code <= 0x202e) ||
      (code >= 0x2066 && code <= 0x2069) ||
      (code >= 0xd800 && code <= 0xdfff) ||
      (code >= 0xfdd0 && code <= 0xfdef) ||
      (code & 0xfffe) === 0xfffe
    );
  });
}

/** What nobody sees: these, and the characters of `acts`. */
function isHidden(text: string): string[] {
  return [...text].filter((character) => {
    const code = character.codePointAt(0)!;
    return (
      [0xad, 0x34f, 0x61c, 0x200e, 0x200f, 0x115f, 0x1160, 0x17b4, 0x17b5, 0x3164, 0xfeff, 0xffa0].includes(code) ||
      (code >= 0x180b && code <= 0x180f) ||
      (code >= 0x200b && code <= 0x200d) ||
      (code >= 0x2060 && code <= 0x2064) ||
      (code >= 0xfe00 && code <= 0xfe0f) ||
      (code >= 0xfff9 && code <= 0xfffb) ||
      (code >= 0xe0000 && code <= 0xe0fff)
    );
  });
}

const unescaped = (text: string): string =>
  text.replaceAll(/\\u\{([0-9a-f]+)\}/g, (_, hex: string) => String.fromCodePoint(parseInt(hex, 16)));

describe('a printable text', () => {
  test.each([
    ['clear the screen', '\u001b[2Jx', String.raw`\u{1b}[2Jx`],
    ['write the clipboard', '\u001b]52;c;cm0=\u0007', String.raw`\u{1b}]52;c;cm0=\u{7}`],
    ['the same with one character of C1', '\u009b31m', String.raw`\u{9b}31m`],
    ['reversed text', 'a\u202egnp.exe', String.raw`a\u{202e}gnp.exe`],
    ['more lines', 'a\r\n\u2028\u2029b', String.raw`a\u{d}\u{a}\u{2028}\u{2029}b`],
    ['half a pair', 'a\ud83d', String.raw`a\u{d83d}`],
    ['a noncharacter', '\u{1fffe}\ufdd0', String.raw`\u{1fffe}\u{fdd0}`],
    ['an invisible joiner', '👩‍🚀', String.raw`👩\u{200d}🚀`],
    ['a text that looks like an escape', String.raw`\u{202e}`, String.raw`\u{5c}u{202e}`],
    ['any other backslash', String.raw`C:\users\"`, String.raw`C:\users\"`],
    ['names of all scripts', '𠮷田 José עברית ไทย 🛫', '𠮷田 José עברית ไทย 🛫'],
  ])('%s', (_, text, shown) => {
    expect(printable(text, 1000)).toBe(shown);
  });

  test('has nothing that acts or that nobody sees, and can be read back', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const shown = printable(text, Infinity);
        expect([...acts(shown), ...isHidden(shown)]).toEqual([]);
        expect(unescaped(shown)).toBe(text);
      }),
    );
  });

  test('is cut after whole characters, and says how many there are', () => {
    fc.assert(
      fc.property(anyText, fc.nat(20), (text, limit) => {
        const characters = [...text];
        const start = printable(characters.slice(0, limit).join(''), Infinity);
        // One character more can make a backslash look like the start of an escape; the cut one does not have it.
        const length = characters.length > limit ? `… (${characters.length} characters)` : '';
        expect(printable(text, limit)).toBe(start + length);
      }),
    );
    expect(printable('𠮷'.repeat(150_000), 3)).toBe('𠮷𠮷𠮷… (150000 characters)');
  });

  test('takes linear time', () => {
    for (const part of ['\u001b', '\\u{', '\ud83d', '𠮷', ' ', '\u200d'])
      expect(printable(part.repeat(1_000_000), 10)).toMatch(/… \(\d+ characters\)$/);
    expect(printable('\u202e'.repeat(1_000_000), Infinity)).toHaveLength(8_000_000);
  });
});

test('in a mail, a text has nothing that acts, and joiners stay as they were written', () => {
  expect(printableInMail('👩‍🚀 ක්‍ෂ نامه‌ای ❤️', 100)).toBe('👩‍🚀 ක්‍ෂ نامه‌ای ❤️');
  // A right-to-left mark orders what is beside it, and reverses nothing.
  expect(printableInMail('אדה\u200f (Ada)', 100)).toBe('אדה\u200f (Ada)');
  fc.assert(
    fc.property(anyText, (text) => {
      const shown = printableInMail(text, Infinity);
      expect(acts(shown)).toEqual([]);
      expect(unescaped(shown)).toBe(text);
    }),
  );
});

test('lines of ours keep their line feeds and what is printable already', () => {
  const quoted = printable('\\u{202e}\u202e\n', 100);
  expect(printableLines(`a ${quoted}\n\u001b[2J${'x'.repeat(20)}`, 24)).toBe(
    String.raw`a \u{5c}u{202e}\u{202e}… (28 characters)` + '\n' + String.raw`\u{1b}[2Jxxxxxxxxxxxxxxxxxxxx`,
  );
});

test('JSON has nothing that acts, and parses to the same value', () => {
  fc.assert(
    fc.property(fc.jsonValue(), anyText, anyText, (value, key, text) => {
      const whole = { value, [`k${key}`]: [text] };
      for (const indent of [undefined, 2]) {
        const shown = printableJson(whole, indent);
        const lines = shown.replaceAll('\n', '');
        expect([...acts(lines), ...isHidden(lines)]).toEqual([]);
        expect(JSON.parse(shown)).toEqual(JSON.parse(JSON.stringify(whole)));
      }
      expect(printableJson(whole)).not.toContain('\n');
    }),
  );
});

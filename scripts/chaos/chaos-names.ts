/** Names from all of Unicode that SQS can carry, so that a chaos run books with every one that a passenger can have. */

/** In characters, by the contract. */
const longestName = 200;

type Range = readonly [first: number, last: number];

/** What a name is drawn from, as ranges of code points. */
const alphabets: readonly Range[][] = [
  // Latin, and Latin with marks
  [
    [0x41, 0x5a],
    [0x61, 0x7a],
  ],
  [[0xc0, 0x24f]],
  // Hebrew and Arabic, which are written from right to left
  [
    [0x5d0, 0x5ea],
    [0x627, 0x64a],
  ],
  // Devanagari with its vowel signs, and letters with any number of combining marks
  [
    [0x905, 0x939],
    [0x93e, 0x94d],
  ],
  [
    [0x61, 0x7a],
    [0x300, 0x36f],
  ],
  // ideographs, and those beyond the Basic Multilingual Plane
  [[0x4e00, 0x9fff]],
  [
    [0x20000, 0x2a6df],
    [0x30000, 0x3134a],
  ],
  // emoji
  [
    [0x1f300, 0x1f64f],
    [0x1f680, 0x1f6ff],
  ],
  // everything that SQS accepts (its API reference, SendMessage)
  [
    [0x9, 0xa],
    [0xd, 0xd],
    [0x20, 0xd7ff],
    [0xe000, 0xfffd],
    [0x10000, 0x10ffff],
  ],
];

/** Names whose difficulty lies in the sequence of their characters. */
const sequences = [
  // emoji of several characters: skin tone and joiner, tag characters
  '👩🏽\u200d🚀 Sally',
  '🏴\u{e0067}\u{e0062}\u{e0073}\u{e0063}\u{e0074}\u{e007f} Ewan',
  // joiners that a script needs
  'نامه\u200cای',
  // the same name composed and decomposed
  'Zo\u00eb',
  'Zoe\u0308',
  // controls of direction, and syntax of mails, HTML and JSON
  '\u202eadA\u2066',
  '"Ada" <O\'Hara & \\u{41}@{}>, \\',
  'Ada\r\nBcc: nobody@example.com',
  ' ',
];

/**
 * A name, the same for the same draws.
 * @param draw a value from 0 to 1 (exclusive), the same for the same word
 */
export function drawName(draw: (word: string) => number): string {
  const pick = <T>(list: readonly T[], word: string): T => list[Math.floor(draw(word) * list.length)]!;
  if (draw('kind of name') < 0.25) return pick(sequences, 'sequence');
  const alphabet = pick(alphabets, 'alphabet');
  // Every tenth name is as long as the contract allows.
  const length = draw('is long') < 0.1 ? longestName : 1 + Math.floor(draw('length') * 30);
  return Array.from({ length }, (_, index) => {
    const [first, last] = pick(alphabet, `range ${index}`);
    return String.fromCodePoint(first + Math.floor(draw(`character ${index}`) * (last - first + 1)));
  }).join('');
}

/** The ranking of the search. It runs in the browser, and in the tests. */

export interface SearchEntry {
  /** What is found, e.g. `SeatBooked` or `data.seats`. */
  title: string;
  /** What it is, e.g. `event`. */
  kind: string;
  /** Its path in the site. */
  path: string;
  /** Where it belongs, and other words by which it is found. */
  context: string;
}

/** Kinds that somebody looks for more often than for others come first among equals. */
const order = ['event', 'service', 'route', 'story', 'alarm', 'runbook', 'field', 'schema', 'guide', 'decision'];

/**
 * The entries that match every word of a query, the best first. A word matches the beginning of a word best; the words
 * of `SeatBooked` are `seat` and `booked`.
 */
export function rank<T extends SearchEntry>(entries: readonly T[], query: string, limit = 12): T[] {
  const words = wordsOf(query);
  if (words.length === 0) return [];
  const whole = query.trim().toLowerCase();
  return entries
    .map((entry, index) => ({ entry, index, score: scoreOf(entry, words, whole) }))
    .filter(({ score }) => score > 0)
    .sort((a, b) => b.score - a.score || kindOf(a.entry) - kindOf(b.entry) || a.index - b.index)
    .slice(0, limit)
    .map(({ entry }) => entry);
}

function scoreOf({ title, context }: SearchEntry, words: readonly string[], whole: string): number {
  const titleWords = [...wordsOf(title), ...wholeWordsOf(title)];
  const contextWords = [...wordsOf(context), ...wholeWordsOf(context)];
  let score = 0;
  for (const word of words) {
    const best = Math.max(8 * match(titleWords, word), match(contextWords, word));
    if (best === 0) return 0;
    score += best;
  }
  const name = title.toLowerCase();
  if (name === whole) score += 100;
  else if (name.startsWith(whole)) score += 20;
  // Of two titles with the same words the shorter one says less else.
  return score + 1 / (1 + titleWords.length);
}

/** 3 for a whole word, 2 for the beginning of one, 1 for a part of one. */
function match(words: readonly string[], sought: string): number {
  let best = 0;
  for (const word of words) {
    if (word === sought) return 3;
    if (word.startsWith(sought)) best = 2;
    else if (best === 0 && sought.length > 2 && word.includes(sought)) best = 1;
  }
  return best;
}

function kindOf({ kind }: SearchEntry): number {
  const place = order.indexOf(kind);
  return place < 0 ? order.length : place;
}

function wordsOf(text: string): string[] {
  return wholeWordsOf(text.replaceAll(/(\p{Ll}|\p{N})(\p{Lu})/gu, '$1 $2'));
}

/** `seatbooked` for `SeatBooked`. */
function wholeWordsOf(text: string): string[] {
  return text
    .toLowerCase()
    .split(/[^\p{L}\p{N}]+/u)
    .filter((word) => word !== '');
}

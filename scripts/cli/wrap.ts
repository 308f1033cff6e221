/**
 * Breaks a text into lines at its spaces, for a terminal of so many columns. A word that is longer stays whole.
 * @param width in columns; Infinity for an output that is no terminal
 * @param indent of every line but the first, in columns
 */
export function wrapped(text: string, width: number, indent = 0): string {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    const room = width - indent;
    if (line !== '' && line.length + 1 + word.length > room) {
      lines.push(line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, line].join(`\n${' '.repeat(indent)}`);
}

/** Columns of the terminal; Infinity where the output is none. */
export function terminalWidth(): number {
  return process.stdout.isTTY === true ? (process.stdout.columns ?? 80) : Infinity;
}

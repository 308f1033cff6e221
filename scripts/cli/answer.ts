import { printable, printableJson } from '@airline/events-schemas/printable';

/** Longer texts of an answer are cut where a person reads it. */
const longestText = 1000;

/**
 * Prints a command's answer. Its texts may come from anybody who can send a message, so no text reaches a terminal as
 * it is: `describe` gets the answer with every string printable, and the JSON is printable as a whole.
 * @param describe the answer for a person
 */
export function answer<T>(data: T, { json }: { json?: boolean | undefined }, describe: (data: T) => string): void {
  if (json) printJson(data);
  else console.log(describe(printableData(data)));
}

/** Prints JSON on one line. It parses to the same value as ever, and has no character that acts on a terminal. */
export function printJson(data: unknown): void {
  console.log(printableJson(data));
}

/** A copy of a JSON value in which every string is printable. @param limit of each string, in characters */
export function printableData<T>(data: T, limit = longestText): T {
  const copy = (value: unknown): unknown => {
    if (typeof value === 'string') return printable(value, limit);
    if (Array.isArray(value)) return value.map(copy);
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([name, child]) => [name, copy(child)]));
  };
  return copy(data) as T;
}

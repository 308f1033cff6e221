/** In characters. A list of schema violations can be longer than the message that breaks its schema. */
const longestText = 1000;
const longestChain = 5;

/** A text, cut to 1,000 characters. It says how many are left out, and never ends in half a surrogate pair. */
export function cut(text: string): string {
  if (text.length <= longestText) return text;
  const kept = text.slice(0, longestText).replace(/[\uD800-\uDBFF]$/, '');
  return `${kept}… (${text.length - kept.length} more characters)`;
}

/**
 * A copy of an error whose texts are cut, for a log line. Of its other properties it has numbers, texts, and AWS's
 * `$metadata` with the request's id. The rest can be as large as the request, and can hold its data.
 */
export function loggedError(error: unknown, depth = 1): Error {
  if (!(error instanceof Error)) return new Error(cut(`not an Error: ${String(error)}`));
  const copy = Object.create(Object.getPrototypeOf(error) as object) as Error & Record<string, unknown>;
  for (const [key, value] of Object.entries(error)) {
    if (key === '$metadata' || typeof value === 'number' || typeof value === 'boolean') copy[key] = value;
    else if (typeof value === 'string') copy[key] = cut(value);
  }
  const hidden = { writable: true, configurable: true };
  // V8's stack begins with the message, which is cut already.
  const [, trace = ''] = (error.stack ?? '').split(error.message);
  const stack = `${error.name}: ${cut(error.message)}${cut(trace)}`;
  Object.defineProperty(copy, 'message', { ...hidden, value: cut(error.message) });
  Object.defineProperty(copy, 'stack', { ...hidden, value: stack });
  if (error.cause !== undefined && depth < longestChain)
    Object.defineProperty(copy, 'cause', { ...hidden, value: loggedError(error.cause, depth + 1) });
  return copy;
}

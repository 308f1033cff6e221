/** A decoded form: `a[b]=c` is a nested form, `a[]=c` and `a[0]=c` are lists (keys "0", "1", …). */
export type FormValue = string | Form;
export type Form = Map<string, FormValue>;

const SEGMENTED_NAME = /^([^[\]]+)((?:\[[^[\]]*\])+)$/;

/** @param encoded a form-urlencoded body or query */
export function decodeForm(encoded: string): Form {
  const form: Form = new Map();
  for (const [name, value] of new URLSearchParams(encoded)) {
    const path = segments(name);
    let parent = form;
    for (const segment of path.slice(0, -1)) {
      const key = keyIn(parent, segment);
      const child = parent.get(key);
      const next: Form = child instanceof Map ? child : new Map<string, FormValue>();
      parent.set(key, next);
      parent = next;
    }
    parent.set(keyIn(parent, path.at(-1) ?? name), value);
  }
  return form;
}

/** The parameters in sorted order, so that their order in the request does not matter. */
export function canonicalForm(encoded: string): string {
  const parameters = new URLSearchParams(encoded);
  parameters.sort();
  return parameters.toString();
}

function segments(name: string): string[] {
  const match = SEGMENTED_NAME.exec(name);
  if (!match) return [name];
  const [, head = '', brackets = ''] = match;
  return [head, ...brackets.slice(1, -1).split('][')];
}

function keyIn(parent: Form, segment: string): string {
  return segment === '' ? String(parent.size) : segment;
}

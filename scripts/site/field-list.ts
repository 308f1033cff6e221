import type { FieldRow } from './fields.ts';
import { markup, type Markup, type Part } from './markup.ts';
import { badge, code, prose } from './parts.ts';

interface FieldListOptions {
  /** The anchor of a field. */
  idOf: (field: FieldRow) => string;
  /** The address of a component's fields. */
  componentAt?: (name: string) => string;
  /** @default plain text in which backticks mark code */
  describe?: (description: string) => Part;
  /** What else is said about a field. */
  more?: (field: FieldRow) => Part;
}

/** Fields one below the other, each with its rules. A list and not a table, so that a phone shows all of it. */
export function fieldList(
  fields: readonly FieldRow[],
  { idOf, componentAt, describe = paragraph, more }: FieldListOptions,
): Markup {
  return markup`<ul class="fields">
${fields.map((field) => {
  const { path, type, isRequired, isPersonal, description, component } = field;
  const id = idOf(field);
  return markup`<li id="${id}" class="field"><p class="field-name"><a class="anchor" href="#${id}">${breakable(path)}</a> <span class="type">${type}${component !== undefined && componentAt ? markup`: <a href="${componentAt(component)}">${component}</a>` : undefined}</span> ${isRequired ? badge('required') : badge('optional', 'soft')}${isPersonal ? markup` ${badge('personal data', 'warn')}` : undefined}</p>
${description === '' ? undefined : describe(description)}
${ruleLine(field)}${more?.(field)}</li>
`;
})}</ul>
`;
}

function paragraph(text: string): Part {
  return markup`<p>${prose(text)}</p>`;
}

/** The values and rules of a field, if it has any. */
export function ruleLine({ rules, values }: Pick<FieldRow, 'rules' | 'values'>): Part {
  const all = [
    ...(values.length > 0
      ? [markup`one of ${values.map((value, index) => [index === 0 ? '' : ' · ', code(value)])}`]
      : []),
    ...rules.map(({ text, code: exact }) => markup`${text}${exact === undefined ? undefined : [' ', code(exact)]}`),
  ];
  return all.length === 0 ? undefined : markup`<ul class="rules">${all.map((rule) => markup`<li>${rule}</li>`)}</ul>`;
}

/** A long path may break behind its dots. */
function breakable(path: string): Part[] {
  return path.split('.').map((step, index) => (index === 0 ? step : markup`.<wbr>${step}`));
}

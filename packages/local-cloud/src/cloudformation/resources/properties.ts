import { LocalCloudError } from '../../local-cloud-error.ts';
import { isObject } from '../../is-object.ts';

/** The evaluated properties of a resource, or of an object in them. Each error names the property and its place. */
export class Properties {
  readonly where: string;
  readonly values: Record<string, unknown>;

  constructor(where: string, values: Record<string, unknown>) {
    this.where = where;
    this.values = values;
  }

  fail(message: string): never {
    throw new LocalCloudError(`${this.where}: ${message}`);
  }

  /** @throws LocalCloudError for a property that is not in the list */
  allowOnly(...known: readonly string[]): this {
    const unknown = Object.keys(this.values).find((name) => !known.includes(name));
    if (unknown !== undefined) this.fail(`the local cloud does not support the property ${unknown}`);
    return this;
  }

  text(name: string): string | undefined {
    const value = this.values[name];
    if (value === undefined || typeof value === 'string') return value;
    return typeof value === 'number' || typeof value === 'boolean'
      ? String(value)
      : this.fail(`${name} must be a string`);
  }

  requiredText(name: string): string {
    return this.text(name) ?? this.fail(`${name} is missing`);
  }

  /** Accepts a number in a string too, as CloudFormation does. */
  number(name: string): number | undefined {
    const text = this.text(name);
    if (text === undefined) return undefined;
    const value = Number(text);
    return Number.isFinite(value) && text !== ''
      ? value
      : this.fail(`${name} must be a number, not ${JSON.stringify(text)}`);
  }

  /** Accepts `"true"` and `"false"` too, as CloudFormation does. */
  flag(name: string): boolean | undefined {
    const text = this.text(name);
    if (text === undefined || text === 'true' || text === 'false')
      return text === undefined ? undefined : text === 'true';
    return this.fail(`${name} must be true or false`);
  }

  texts(name: string): string[] | undefined {
    const value = this.values[name];
    if (value === undefined) return undefined;
    return Array.isArray(value) ? value.map(String) : this.fail(`${name} must be a list`);
  }

  object(name: string): Record<string, unknown> | undefined {
    const value = this.values[name];
    if (value === undefined) return undefined;
    return isObject(value) ? value : this.fail(`${name} must be an object`);
  }

  group(name: string): Properties | undefined {
    const value = this.object(name);
    return value && new Properties(`${this.where}: ${name}`, value);
  }

  groups(name: string): Properties[] {
    const value = this.values[name] ?? [];
    if (!Array.isArray(value)) return this.fail(`${name} must be a list`);
    return value.map((element, index) =>
      isObject(element)
        ? new Properties(`${this.where}: ${name}[${index}]`, element)
        : this.fail(`${name}[${index}] must be an object`),
    );
  }
}

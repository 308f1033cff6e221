import { checkCurrency } from './amounts.ts';
import { invalidRequest } from './api-error.ts';
import type { Form, FormValue } from './form.ts';

const METADATA_LIMITS = { keys: 50, keyLength: 40, valueLength: 500 };

/**
 * Reads the parameters of one request. Its errors are Stripe's own. An operation reads all parameters that it supports
 * and then calls `refuseUnknown`, so that a misspelt parameter is an error, as at Stripe.
 */
export class RequestParameters {
  readonly #form: Form;
  readonly #prefix: string;
  readonly #known = new Set<string>();

  constructor(form: Form, prefix = '') {
    this.#form = form;
    this.#prefix = prefix;
  }

  string(name: string): string | undefined {
    const value = this.#read(name);
    if (value === undefined) return undefined;
    const param = this.#full(name);
    if (typeof value !== 'string') throw invalidRequest('Invalid string: an object was given.', { param });
    if (value === '') {
      const message =
        `You passed an empty string for '${param}'. We assume empty values are an attempt to unset a parameter; ` +
        `however '${param}' cannot be unset. You should remove '${param}' from your request or supply a non-empty value.`;
      throw invalidRequest(message, { code: 'parameter_invalid_empty', param });
    }
    return value;
  }

  oneOf<Value extends string>(name: string, allowed: readonly Value[]): Value | undefined {
    const value = this.string(name);
    if (value === undefined) return undefined;
    const found = allowed.find((candidate) => candidate === value);
    if (found !== undefined) return found;
    const last = allowed.at(-1);
    const list = allowed.length === 1 ? last : `one of ${allowed.slice(0, -1).join(', ')}, or ${last}`;
    throw invalidRequest(`Invalid ${this.#full(name)}: must be ${list}`, { param: this.#full(name) });
  }

  boolean(name: string): boolean | undefined {
    const value = this.string(name);
    if (value === undefined || value === 'true' || value === 'false')
      return value === undefined ? undefined : value === 'true';
    throw invalidRequest(`Invalid boolean: ${value}`, { param: this.#full(name) });
  }

  integer(name: string, range: { minimum: number; maximum: number }): number | undefined {
    const text = this.string(name);
    if (text === undefined) return undefined;
    const details = { code: 'parameter_invalid_integer', param: this.#full(name) };
    if (!/^-?\d{1,15}$/.test(text)) throw invalidRequest(`Invalid integer: ${text}`, details);
    const value = Number(text);
    if (value < range.minimum)
      throw invalidRequest(`This value must be greater than or equal to ${range.minimum}.`, details);
    if (value > range.maximum)
      throw invalidRequest(`This value must be less than or equal to ${range.maximum}.`, details);
    return value;
  }

  currency(name: string): string | undefined {
    const currency = this.string(name)?.toLowerCase();
    if (currency !== undefined) checkCurrency(currency, this.#full(name));
    return currency;
  }

  email(name: string): string | undefined {
    const email = this.string(name);
    if (email === undefined || /^[^\s@]+@[^\s@]+$/.test(email)) return email;
    throw invalidRequest(`Invalid email address: ${email}`, { code: 'email_invalid', param: this.#full(name) });
  }

  list(name: string): string[] | undefined {
    const value = this.#read(name);
    if (value === undefined) return undefined;
    const items = typeof value === 'string' ? undefined : [...value.values()];
    if (!items?.every((item) => typeof item === 'string'))
      throw invalidRequest('Invalid array', { param: this.#full(name) });
    return items;
  }

  metadata(): Record<string, string> {
    const value = this.#read('metadata');
    if (value === undefined || value === '') return {};
    if (typeof value === 'string') throw invalidRequest('Invalid object', { param: 'metadata' });
    if (value.size > METADATA_LIMITS.keys) {
      throw invalidRequest(`You can only set ${METADATA_LIMITS.keys} metadata keys.`, { param: 'metadata' });
    }
    const entries = [...value].flatMap(([key, text]) => metadataEntry(key, text));
    return Object.fromEntries(entries);
  }

  object(name: string): RequestParameters | undefined {
    const value = this.#read(name);
    if (value === undefined) return undefined;
    if (typeof value === 'string') throw invalidRequest('Invalid object', { param: this.#full(name) });
    return new RequestParameters(value, this.#full(name));
  }

  required<Value>(name: string, value: Value | undefined): Value {
    if (value !== undefined) return value;
    const param = this.#full(name);
    throw invalidRequest(`Missing required param: ${param}.`, { code: 'parameter_missing', param });
  }

  has(name: string): boolean {
    return this.#form.has(name);
  }

  /** @throws ApiError for a parameter that the operation has not read, including those that only Stripe supports */
  refuseUnknown(): void {
    const unknown = [...this.#form.keys()].filter((name) => !this.#known.has(name)).map((name) => this.#full(name));
    const [param] = unknown;
    if (param === undefined) return;
    const message =
      `Received unknown parameter${unknown.length > 1 ? 's' : ''}: ${unknown.join(', ')}. ` +
      `The local payment provider knows: ${[...this.#known].map((name) => this.#full(name)).join(', ') || 'none here'}.`;
    throw invalidRequest(message, { code: 'parameter_unknown', param });
  }

  #read(name: string): FormValue | undefined {
    this.#known.add(name);
    return this.#form.get(name);
  }

  #full(name: string): string {
    return this.#prefix === '' ? name : `${this.#prefix}[${name}]`;
  }
}

function metadataEntry(key: string, text: FormValue): [string, string][] {
  const param = `metadata[${key}]`;
  if (typeof text !== 'string') throw invalidRequest('Metadata values must be strings.', { param });
  if (key.length > METADATA_LIMITS.keyLength) {
    const message =
      `Metadata keys can have up to ${METADATA_LIMITS.keyLength} characters, but you passed in one that is ` +
      `${key.length} characters. Invalid value: ${key}`;
    throw invalidRequest(message, { param: 'metadata' });
  }
  if (text.length > METADATA_LIMITS.valueLength) {
    const message =
      `Metadata values can have up to ${METADATA_LIMITS.valueLength} characters, but you passed in a value that is ` +
      `${text.length} characters. Invalid value: ${text}`;
    throw invalidRequest(message, { param });
  }
  // An empty value unsets a key.
  return text === '' ? [] : [[key, text]];
}

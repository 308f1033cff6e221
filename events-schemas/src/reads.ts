import type { AirlineEvent, EventData, EventType } from './events.ts';
import type { Metadata } from './generated/types.ts';

/**
 * What a service reads of the events that it hears: for each detail-type the paths of the fields that it relies on, such as
 * `data.payment.amountMinor` or `data.cabins[].rows.first`. A path that ends in `?` may be absent; the service copes without.
 *
 * The declaration cannot drift from the code: handlers see the declared fields and no others (`EventRead`), each service's
 * `reads.test.ts` finds what is declared and never read, and `pnpm contracts:check` compares it with the schemas.
 */
export type Reads = { readonly [T in EventType]?: readonly PathsOf<Detail<T>>[] };

/** An event as far as a service declared that it reads it. Every event of the contract is one. */
export type EventRead<R extends Reads, T extends keyof R & EventType = keyof R & EventType> = {
  [Type in T]: { type: Type } & Only<Detail<Type>, WithoutMark<PathsIn<R, Type>>>;
}[T];

/** One handler for each declared event, which sees what is declared. */
export type HandlersOf<R extends Reads> = {
  [T in keyof R & EventType]: (event: EventRead<R, T>) => Promise<readonly AirlineEvent[]>;
};

/** Metadata is complete once an event has arrived: what a producer outside the project left out is derived. */
interface Detail<T extends EventType> {
  metadata: Metadata;
  data: EventData<T>;
}

type Scalar = string | number | boolean | null;

/** Of every field that holds no further fields. A list of scalars is one field. */
type PathsOf<T> = {
  [K in keyof T & string]-?: Optional<
    T,
    K,
    NonNullable<T[K]> extends Scalar | readonly Scalar[] ? K : Inside<K, NonNullable<T[K]>>
  >;
}[keyof T & string];

type Inside<K extends string, V> = V extends readonly (infer Item)[] ? `${K}[].${PathsOf<Item>}` : `${K}.${PathsOf<V>}`;

/** Marks paths through a field that may be absent. */
type Optional<T, K extends keyof T, Path extends string> = undefined extends T[K] ? `${WithoutMark<Path>}?` : Path;

type WithoutMark<Path extends string> = Path extends `${infer Name}?` ? Name : Path;

type PathsIn<R extends Reads, T extends keyof R> = R[T] extends readonly (infer Path extends string)[] ? Path : never;

/** The value with the fields that the paths name. */
type Only<T, Path extends string> = {
  [K in keyof T as K extends FirstName<Path> ? K : never]: K extends string ? OnlyInside<T[K], Rest<Path, K>> : never;
};

type OnlyInside<V, Path extends string> = [Path] extends [never]
  ? V
  : V extends readonly (infer Item)[]
    ? Only<Item, Path>[]
    : V extends object
      ? Only<V, Path>
      : V;

type FirstName<Path extends string> = Path extends `${infer First}.${string}` ? WithoutBrackets<First> : Path;
type WithoutBrackets<Name extends string> = Name extends `${infer Bare}[]` ? Bare : Name;
type Rest<Path extends string, K extends string> = Path extends `${K}[].${infer Inner}` | `${K}.${infer Inner}`
  ? Inner
  : never;

import type { AirlineEvent, EventData, EventType } from './events.ts';
import type { Metadata } from './generated/types.ts';

/**
 * A service's declaration of the fields that it reads: for each detail-type the paths of the fields, such as
 * `data.payment.amountMinor` or `data.cabins[].rows.first`. A path that ends in `?` may be absent.
 *
 * Three checks keep the declaration true. Handlers see only the declared fields (`EventRead`). Each service's
 * `reads.test.ts` finds declared fields that no handler reads. `pnpm contracts:check` compares the declaration with the
 * schemas.
 */
export type Reads = { readonly [T in EventType]?: readonly PathsOf<Detail<T>>[] };

/** An event with only the fields that a service declared. Every event of the contract can be assigned to it. */
export type EventRead<R extends Reads, T extends keyof R & EventType = keyof R & EventType> = {
  [Type in T]: { type: Type } & Only<Detail<Type>, WithoutMark<PathsIn<R, Type>>>;
}[T];

/** How a message arrived. */
export interface Delivery {
  /** How often its queue has delivered the message so far, this time included: 1, 2 … */
  receiveCount: number;
  /**
   * When the handler must have ended, in milliseconds since the epoch. After that the message counts as failed, and the
   * handler's result is ignored. @default no limit
   */
  deadline?: number;
}

/** One handler for each declared event. It sees only the declared fields. */
export type HandlersOf<R extends Reads> = {
  [T in keyof R & EventType]: (event: EventRead<R, T>, delivery: Delivery) => Promise<readonly AirlineEvent[]>;
};

/** The metadata of a received event is complete: what a producer outside the project left out is derived on arrival. */
interface Detail<T extends EventType> {
  metadata: Metadata;
  data: EventData<T>;
}

type Scalar = string | number | boolean | null;

/** The paths of all fields without subfields. A list of scalars is one field. */
type PathsOf<T> = {
  [K in keyof T & string]-?: Optional<
    T,
    K,
    NonNullable<T[K]> extends Scalar | readonly Scalar[] ? K : Inside<K, NonNullable<T[K]>>
  >;
}[keyof T & string];

type Inside<K extends string, V> = V extends readonly (infer Item)[] ? `${K}[].${PathsOf<Item>}` : `${K}.${PathsOf<V>}`;

/** Adds `?` to paths through a field that may be absent. */
type Optional<T, K extends keyof T, Path extends string> = undefined extends T[K] ? `${WithoutMark<Path>}?` : Path;

type WithoutMark<Path extends string> = Path extends `${infer Name}?` ? Name : Path;

type PathsIn<R extends Reads, T extends keyof R> = R[T] extends readonly (infer Path extends string)[] ? Path : never;

/** The type with only the fields that the paths name. */
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

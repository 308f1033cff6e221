/** A part of a value that breaks the contract. */
export interface Mistake {
  /** JSON pointer into the value. */
  path: string;
  /** What is required there, e.g. `is missing`. */
  message: string;
}

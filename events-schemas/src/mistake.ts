/** Where a value breaks the contract: a JSON pointer into it, and what should be there. */
export interface Mistake {
  path: string;
  message: string;
}

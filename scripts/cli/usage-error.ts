/** Something the person at the terminal can put right: what was wrong and what to do, without a stack trace. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/**
 * An error that its user can correct. The message says what was wrong and what to do; it is printed without a stack
 * trace.
 */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

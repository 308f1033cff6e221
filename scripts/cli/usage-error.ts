/** An error that the user can correct. Its message says what was wrong and what to do, and is printed alone. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

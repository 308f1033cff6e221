/** An error that the user can correct. Its message is one sentence: what is wrong, and what to do about it. */
export class LocalCloudError extends Error {
  override readonly name = 'LocalCloudError';
}

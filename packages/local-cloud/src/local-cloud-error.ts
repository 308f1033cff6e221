/** Something the person at the terminal can put right: its message is one sentence that says what is wrong and what to do. */
export class LocalCloudError extends Error {
  override readonly name = 'LocalCloudError';
}

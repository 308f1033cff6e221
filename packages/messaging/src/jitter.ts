/** A pause is longer or shorter by up to this part of it. */
const jitter = 0.2;

/**
 * A pause that differs from message to message, so that messages which failed together are not tried again together.
 * @param random from 0 up to 1
 * @returns whole seconds
 */
export function jittered(seconds: number, random: () => number): number {
  return Math.round(seconds * (1 - jitter + 2 * jitter * random()));
}

/** The longest of these pauses, jitter included, in seconds. */
export function longestJittered(seconds: readonly number[]): number {
  return Math.max(...seconds) * (1 + jitter);
}

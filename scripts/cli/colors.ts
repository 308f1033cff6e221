import picocolors from 'picocolors';

/**
 * Colours for people only: on a terminal, unless NO_COLOR is set. (picocolors itself also colours whenever CI is set, into pipes and
 * files too.)
 */
export const pc = picocolors.createColors(
  process.env.NO_COLOR === undefined && (process.env.FORCE_COLOR !== undefined || process.stdout.isTTY === true),
);

import picocolors from 'picocolors';

/**
 * Colours, on a terminal only and unless NO_COLOR is set. FORCE_COLOR switches them on everywhere. (picocolors itself
 * also colours pipes and files whenever CI is set.)
 */
export const pc = picocolors.createColors(
  process.env.NO_COLOR === undefined && (process.env.FORCE_COLOR !== undefined || process.stdout.isTTY === true),
);

import { type FileCoverage, percent } from './read-coverage.ts';

/** Below this percentage of its lines a file must be excused. */
const limit = 60;

/**
 * The files that CONTRIBUTING.md excuses: the code spans that begin the items of its section *Coverage*. `*` stands for
 * any characters of a name, `**` for any number of folders.
 */
export function readExcuses(contributing: string): string[] {
  const [, section = ''] = contributing.split(/^## Coverage$/m);
  const items = section.split(/^## /m)[0]!.matchAll(/^- ((?:`[^`]+`(?:,\s+)?)+)/gm);
  return [...items].flatMap(([, patterns]) => [...patterns!.matchAll(/`([^`]+)`/g)].map(([, pattern]) => pattern!));
}

/** Whether one of the patterns names the file. */
export function isExcused(file: string, excuses: readonly string[]): boolean {
  return excuses.some((excuse) => toExpression(excuse).test(file));
}

/** Files below the limit that nobody excuses, and excuses that excuse nothing any more. */
export function findMistakes(files: readonly FileCoverage[], excuses: readonly string[]): string[] {
  const low = files.filter((file) => percent(file) < limit);
  return [
    ...low
      .filter(({ file }) => !isExcused(file, excuses))
      .map((each) => `${each.file}: ${percent(each).toFixed(1)} % of its lines are run. Test it, or say why not.`),
    ...excuses
      .filter((excuse) => !low.some(({ file }) => isExcused(file, [excuse])))
      .map((excuse) => `${excuse}: names no file below ${limit} % any more. Remove it.`),
  ];
}

function toExpression(pattern: string): RegExp {
  const expression = pattern
    .replaceAll(/[.+?^${}()|[\]\\]/g, '\\$&')
    .replaceAll(/\*\*\/|\*/g, (stars) => (stars === '*' ? '[^/]*' : '(.*/)?'));
  return new RegExp(`^${expression}$`);
}

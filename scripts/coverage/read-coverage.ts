import { readFileSync } from 'node:fs';
import path from 'node:path';
import { transformSync } from '@swc/core';
import { workspaceRoot } from '../cli/workspace.ts';

/** How many lines of a file the tests ran. */
export interface FileCoverage {
  /** Below the workspace's root. */
  file: string;
  covered: number;
  lines: number;
}

interface Counts {
  covered: number;
  total: number;
}

/** Where jest's reporter json-summary writes. */
const summaryFile = path.join(workspaceRoot, 'coverage', 'coverage-summary.json');

/** What jest measured last, the least covered file first. Files that hold types only have no lines to run. */
export function readCoverage(): FileCoverage[] {
  const { total: _, ...files } = JSON.parse(readFileSync(summaryFile, 'utf8')) as Record<string, { lines: Counts }>;
  return Object.entries(files)
    .filter(([file]) => !holdsTypesOnly(file))
    .map(([file, { lines }]) => ({
      file: path.relative(workspaceRoot, file).replaceAll(path.sep, '/'),
      covered: lines.covered,
      lines: lines.total,
    }))
    .sort((a, b) => percent(a) - percent(b) || b.lines - a.lines);
}

/** Of nothing, all is covered. */
export function percent({ covered, lines }: Omit<FileCoverage, 'file'>): number {
  return lines === 0 ? 100 : (100 * covered) / lines;
}

/** V8 knows nothing of a file that no test loads, and jest then counts each of its lines as not run. */
function holdsTypesOnly(file: string): boolean {
  const { code } = transformSync(readFileSync(file, 'utf8'), {
    minify: true,
    jsc: { parser: { syntax: 'typescript' }, target: 'es2023' },
  });
  return code.replace('export{};', '') === '';
}

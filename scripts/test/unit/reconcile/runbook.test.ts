/** The runbook explains findings by their words, so an operator searches it for them. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from '@jest/globals';
import { workspaceRoot } from '../../../cli/workspace.ts';

const read = (...names: string[]): string => readFileSync(path.join(workspaceRoot, ...names), 'utf8');

/** The texts in the code of reconcile, without what is filled in. */
const code = ['find-disagreements.ts', 'reconcile-bookings.ts']
  .map((file) => read('scripts', 'reconcile', file))
  .join();
// A template may quote a command in backticks.
const texts = [...code.matchAll(/'([^'\n]+)'|`((?:\\`|[^`])+)`/g)].map(
  ([, plain, template]) => plain ?? template!.replaceAll(/\$\{[^}]*\}/g, '…'),
);
const [, section] = read('docs', 'runbook.md').split('## What `pnpm reconcile` finds\n');
const quotes = [
  ...section!
    .split('\n## ')[0]!
    .replaceAll('\n', ' ')
    .matchAll(/_([^_]+)_/g),
].map(([, quote]) => quote!);

test('the section is there, with its quotes', () => {
  expect(quotes.length).toBeGreaterThan(10);
});

test.each(quotes)('reconcile says: %s', (quote) => {
  // X, Y, n and states stand for what is filled in.
  const parts = quote.split(/…|\b[XYn]\b|\b[A-Z]{4,}\b/).map((part) => part.trim());
  const says = (text: string): boolean => {
    let from = 0;
    return parts.every((part) => {
      const at = text.indexOf(part, from);
      from = at + part.length;
      return at >= 0;
    });
  };
  expect(texts.filter(says)).not.toEqual([]);
});

import { expect, test } from '@jest/globals';
import { findMistakes, isExcused, readExcuses } from '../../../coverage/excused-files.ts';

const contributing = `# Contributing
- \`other.ts\`: not of this section

## Coverage

A file below \`80\` % must be here:

- \`packages/*/src/consumer.ts\`,
  \`packages/*/infra/app.ts\`: only wire, and end-to-end tests run
  \`them\`
- \`scripts/commands/**/*.ts\`: run in processes of their own

## Boundaries
- \`domain.ts\`: not of this section either
`;
const excuses = ['packages/*/src/consumer.ts', 'packages/*/infra/app.ts', 'scripts/commands/**/*.ts'];

test('the section names files at the beginning of its items', () => {
  expect(readExcuses(contributing)).toEqual(excuses);
});

test('a pattern names files of one folder, or of all below', () => {
  expect(isExcused('packages/seats/src/consumer.ts', excuses)).toBe(true);
  expect(isExcused('scripts/commands/book.ts', excuses)).toBe(true);
  expect(isExcused('scripts/commands/dlq/show.ts', excuses)).toBe(true);
  expect(isExcused('packages/seats/src/lost/consumer.ts', excuses)).toBe(false);
  expect(isExcused('packages/seats/src/consumer_ts', excuses)).toBe(false);
});

test('a low file must be excused, and an excuse must be needed', () => {
  const files = [
    { file: 'packages/seats/src/consumer.ts', covered: 0, lines: 30 },
    { file: 'packages/seats/src/api.ts', covered: 59, lines: 100 },
    { file: 'packages/seats/src/domain.ts', covered: 60, lines: 100 },
    { file: 'packages/seats/infra/app.ts', covered: 9, lines: 10 },
  ];
  expect(findMistakes(files, excuses)).toEqual([
    'packages/seats/src/api.ts: 59.0 % of its lines are run. Test it, or say why not.',
    'packages/*/infra/app.ts: names no file below 60 % any more. Remove it.',
    'scripts/commands/**/*.ts: names no file below 60 % any more. Remove it.',
  ]);
});

import { expect, test } from '@jest/globals';
import { AwsError } from '../../src/aws-error.ts';
import { FunctionLogs } from '../../src/logs/function-logs.ts';

const logGroupName = '/aws/lambda/seats';

function logs() {
  let time = 0;
  const all = new FunctionLogs(() => ++time);
  const search = (input: object = {}) =>
    all.request('FilterLogEvents', { logGroupName, ...input }) as {
      events: { timestamp: number; message: string }[];
      nextToken?: string;
    };
  const found = (input: object) => search(input).events.map(({ message }) => message);
  return { all, search, found };
}

test('finds the lines with all quoted terms, in a range of time whose end is exclusive', () => {
  const { all, found } = logs();
  all.writer('seats')('booking 1\nbooking 2\nbooking 1 again\n');
  all.writer('payments')('booking 1 of another function\n');
  expect(found({ filterPattern: '"booking 1"' })).toEqual(['booking 1', 'booking 1 again']);
  expect(found({ filterPattern: '"booking 1" "again"' })).toEqual(['booking 1 again']);
  expect(found({ startTime: 2, endTime: 3 })).toEqual(['booking 2']);
});

test('joins a line that comes in pieces, for each worker separately', () => {
  const { all, found } = logs();
  const [first, second] = [all.writer('seats'), all.writer('seats')];
  first('be');
  second('other\n');
  first('gun\n\n');
  expect(found({})).toEqual(['other', 'begun']);
});

test('has pages', () => {
  const { all, search } = logs();
  all.writer('seats')('1\n2\n3\n');
  const first = search({ limit: 2 });
  expect(first.events).toHaveLength(2);
  expect(search({ limit: 2, nextToken: first.nextToken }).events.map(({ message }) => message)).toEqual(['3']);
});

test('forgets the oldest lines beyond 32 MB', () => {
  const { all, found } = logs();
  const write = all.writer('seats');
  for (const name of ['first', 'second', 'third']) write(`${name}${'-'.repeat(15 * 1024 * 1024)}\n`);
  expect(found({}).map((line) => line.slice(0, 5))).toEqual(['secon', 'third']);
});

test.each([
  ['FilterLogEvents', { logGroupName: '/aws/lambda/none' }, 'ResourceNotFoundException'],
  ['FilterLogEvents', { logGroupName, filterPattern: '{ $.level = "ERROR" }' }, 'InvalidParameterException'],
  ['FilterLogEvents', { logGroupName, nextToken: 'x' }, 'InvalidParameterException'],
  ['StartQuery', {}, 'UnknownOperationException'],
])('refuses %s %j', (action, input, code) => {
  const { all } = logs();
  all.writer('seats');
  expect(() => all.request(action, input)).toThrow(AwsError);
  try {
    all.request(action, input);
  } catch (error) {
    expect((error as AwsError).code).toBe(code);
  }
});

import { describe, expect, test } from '@jest/globals';
import { AwsError } from '../../src/aws-error.ts';
import { LogGroups } from '../../src/logs/log-groups.ts';

const logGroupName = '/aws/lambda/seats';

function logs() {
  let time = 0;
  const all = new LogGroups(() => ++time);
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

describe('a log group that a stack created', () => {
  const group = '/airline/operations';
  const day = 24 * 3600 * 1000;

  function operations() {
    const all = new LogGroups(() => 100 * day);
    all.createGroup(group);
    const put = (logEvents: unknown, logStreamName = 'one') =>
      all.request('PutLogEvents', { logGroupName: group, logStreamName, logEvents });
    all.request('CreateLogStream', { logGroupName: group, logStreamName: 'one' });
    const found = (input: object = {}) =>
      (all.request('FilterLogEvents', { logGroupName: group, ...input }) as { events: object[] }).events;
    return { all, put, found };
  }

  test('keeps what is put into its streams, in the order of time', () => {
    const { all, put, found } = operations();
    expect(found()).toEqual([]);
    all.request('CreateLogStream', { logGroupName: group, logStreamName: 'two' });
    put([{ timestamp: 99 * day, message: 'b' }]);
    put([{ timestamp: 98 * day, message: 'a' }], 'two');
    expect(found()).toEqual([
      { timestamp: 98 * day, message: 'a', logStreamName: 'two' },
      { timestamp: 99 * day, message: 'b', logStreamName: 'one' },
    ]);
  });

  test('rejects events older than 14 days or more than two hours ahead, and stores the others', () => {
    const { put, found } = operations();
    const events = [85, 87, 100, 100.1].map((days) => ({ timestamp: days * day, message: `${days}` }));
    expect(put(events)).toMatchObject({
      rejectedLogEventsInfo: { tooOldLogEventEndIndex: 1, tooNewLogEventStartIndex: 3 },
    });
    expect(found()).toMatchObject([{ message: '87' }, { message: '100' }]);
  });

  test.each([
    ['CreateLogStream', { logStreamName: 'one' }, 'ResourceAlreadyExistsException'],
    ['CreateLogStream', { logStreamName: 'a:b' }, 'InvalidParameterException'],
    ['CreateLogStream', { logGroupName: '/none', logStreamName: 'x' }, 'ResourceNotFoundException'],
    ['PutLogEvents', { logStreamName: 'none', logEvents: [] }, 'ResourceNotFoundException'],
    ['PutLogEvents', { logStreamName: 'one', logEvents: [] }, 'InvalidParameterException'],
    ['PutLogEvents', { logStreamName: 'one', logEvents: [{ message: 'x' }] }, 'InvalidParameterException'],
    [
      'PutLogEvents',
      {
        logStreamName: 'one',
        logEvents: [
          { timestamp: 2, message: 'x' },
          { timestamp: 1, message: 'y' },
        ],
      },
      'InvalidParameterException',
    ],
  ])('refuses %s %j', (action, input, code) => {
    const { all } = operations();
    expect(() => all.request(action, { logGroupName: group, ...input })).toThrow(expect.objectContaining({ code }));
  });
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

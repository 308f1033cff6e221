import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import { readRate, startSchedule } from '../../src/lambda/schedule.ts';

beforeEach(() => void jest.useFakeTimers());
afterEach(() => void jest.useRealTimers());

test('invokes the function after each period, with a scheduled event, until it ends', () => {
  const invoked: [string, unknown][] = [];
  const ruleArn = 'arn:aws:events:us-east-1:000000000000:rule/watch';
  const functions = {
    invoke: async (name: string, event: unknown) => {
      invoked.push([name, event]);
      return { kind: 'answered', payload: null } as const;
    },
  };
  const end = startSchedule({ ruleArn, functionName: 'watch', everyMilliseconds: 60_000 }, functions);
  jest.advanceTimersByTime(59_999);
  expect(invoked).toEqual([]);
  jest.advanceTimersByTime(60_001);
  expect(invoked).toEqual([
    ['watch', expect.objectContaining({ 'detail-type': 'Scheduled Event', resources: [ruleArn] })],
    ['watch', expect.anything()],
  ]);
  end();
  jest.advanceTimersByTime(600_000);
  expect(invoked).toHaveLength(2);
});

test.each([
  ['rate(1 minute)', 60_000],
  ['rate(5 minutes)', 300_000],
  ['rate(2 hours)', 7_200_000],
  ['rate(1 day)', 86_400_000],
  ['rate(1 minutes)', undefined],
  ['rate(5 minute)', undefined],
  ['rate(0 minutes)', undefined],
  ['cron(0 8 * * ? *)', undefined],
])('%s is %p milliseconds', (expression, milliseconds) => {
  expect(readRate(expression)).toBe(milliseconds);
});

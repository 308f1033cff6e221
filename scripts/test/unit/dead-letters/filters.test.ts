import { expect, test } from '@jest/globals';
import { age } from '../../../cli/option-values.ts';
import { matcher } from '../../../dead-letters/filters.ts';

test('a letter matches if it passes all filters: event, booking and age', () => {
  const now = Date.parse('2026-12-01T12:00:00Z');
  const letter = {
    messageId: 'm',
    kind: 'unhandled',
    reason: 'gave-up',
    firstSeen: '2026-12-01T11:00:00Z',
    receiveCount: 5,
    detailType: 'PaymentOk',
    correlationId: 'b-1',
    body: '',
  } as const;
  const filters = { detailType: 'PaymentOk', booking: 'B-1', olderThan: age('30m') };
  expect(matcher(filters, now)(letter)).toBe(true);
  expect(matcher({ ...filters, detailType: 'PaymentFailed' }, now)(letter)).toBe(false);
  expect(matcher({ ...filters, booking: 'b-2' }, now)(letter)).toBe(false);
  expect(matcher({ ...filters, olderThan: age('2h') }, now)(letter)).toBe(false);
});

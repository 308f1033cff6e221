import { expect, test } from '@jest/globals';
import { age } from '../../../cli/option-values.ts';
import { matcher } from '../../../dead-letters/filters.ts';

test('a letter matches if it passes all filters: event, booking and age', () => {
  const now = Date.parse('2026-12-01T12:00:00Z');
  const booking = '7f8c2f0e-3b1a-4c7e-9d55-1f6a2b3c4d5e';
  const letter = {
    service: 'seats',
    messageId: 'm',
    kind: 'unhandled',
    reason: 'gave-up',
    firstSeen: '2026-12-01T11:00:00Z',
    receiveCount: 5,
    detailType: 'PaymentOk',
    correlationId: booking,
    body: '',
  } as const;
  const filters = { detailType: 'PaymentOk', booking, olderThan: age('30m') };
  expect(matcher(filters, now)(letter)).toBe(true);
  expect(matcher({ ...filters, detailType: 'PaymentFailed' }, now)(letter)).toBe(false);
  expect(matcher({ ...filters, booking: booking.replace('7', '8') }, now)(letter)).toBe(false);
  expect(matcher({ ...filters, olderThan: age('2h') }, now)(letter)).toBe(false);
});

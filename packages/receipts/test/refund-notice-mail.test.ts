import { describe, expect, test } from '@jest/globals';
import { refundNoticeMail } from '../src/refund-notice-mail.ts';
import { refundNotice } from './fixtures.ts';

describe('the mail of a refund', () => {
  test('goes to the passenger, with the number of the receipt in its subject', () => {
    const { to, subject } = refundNoticeMail(refundNotice());
    expect(to).toEqual({ name: 'Ada Lovelace', email: 'ada@example.com' });
    expect(subject).toBe('Refund for receipt R-7K2M-9QXD-4TBN: flight KL1001 on 18 December 2026');
  });

  test.each(['text', 'html'] as const)('has all data of the refund: %s', (body) => {
    const mail = refundNoticeMail(refundNotice());
    for (const part of [
      'Your payment is refunded',
      'R-7K2M-9QXD-4TBN',
      'Ada Lovelace',
      'KL1001',
      '18 December 2026',
      '12A, 12C',
      'EUR 162.00',
      '3 December 2026',
      're_1',
      'pi_1',
      '7f8c2f0e-3b1a-4c7e-9d55-1f6a2b3c4d5e',
      'ten working days',
    ]) {
      expect(mail[body]).toContain(part);
    }
    expect(mail[body]).not.toMatch(/confirmed|Thank you/);
  });

  test.each([
    ['cancelled', 'Your booking of flight KL1001 on 18 December 2026 is cancelled'],
    ['expired', 'not confirmed in time'],
    ['hold-expired', 'not confirmed in time'],
    ['seat-unavailable', 'are not available'],
  ] as const)('gives the reason: %s', (reason, why) => {
    const { refund } = refundNotice();
    expect(refundNoticeMail(refundNotice({ refund: { ...refund, reason } })).text).toContain(why);
  });

  test('any name is escaped in the HTML', () => {
    const { html } = refundNoticeMail(refundNotice({ passenger: { name: '<img src=x>', email: 'a@example.com' } }));
    expect(html).not.toContain('<img');
  });
});

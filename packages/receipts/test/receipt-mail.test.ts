import { describe, expect, test } from '@jest/globals';
import { receiptMail } from '../src/receipt-mail.ts';
import { receipt } from './fixtures.ts';

describe('the mail of a receipt', () => {
  test('goes to the passenger, with receipt, flight and day in its subject', () => {
    const { to, subject } = receiptMail(receipt());
    expect(to).toEqual({ name: 'Ada Lovelace', email: 'ada@example.com' });
    expect(subject).toBe('Receipt R-7K2M-9QXD-4TBN: flight KL1001 on 18 December 2026');
  });

  test.each(['text', 'html'] as const)('has all data of the receipt: %s', (body) => {
    const mail = receiptMail(receipt());
    for (const part of [
      'R-7K2M-9QXD-4TBN',
      'Ada Lovelace',
      'KL1001',
      '18 December 2026',
      '12A, 12C',
      'EUR 162.00',
      '1 December 2026',
      'pi_1',
      '7f8c2f0e-3b1a-4c7e-9d55-1f6a2b3c4d5e',
    ]) {
      expect(mail[body]).toContain(part);
    }
  });

  test('any name is escaped in the HTML', () => {
    const name = `<img src=x onerror="alert('1')"> & Söhne`;
    const { html } = receiptMail(receipt({ passenger: { name, email: 'a@example.com' } }));
    expect(html).not.toContain('<img');
    expect(html).toContain('&lt;img src=x onerror=&quot;alert(&#39;1&#39;)&quot;&gt; &amp; Söhne');
  });

  test('a name cannot add lines to the text', () => {
    const { text } = receiptMail(
      receipt({ passenger: { name: 'Ada\r\nTotal paid  EUR 0.00\u202e', email: 'a@example.com' } }),
    );
    expect(text.split('\n').filter((line) => line.startsWith('Total paid'))).toEqual(['Total paid  EUR 162.00']);
    expect(text).toContain('Passenger   Ada\\u{d}\\u{a}Total paid  EUR 0.00\\u{202e}\n');
  });
});

test.each(['👩‍🚀 ❤️', 'נועה כהן', 'نامه‌ای', '𠮷田 太郎', 'क्‍ष'])('the name %s is shown as it was written', (name) => {
  const { text, html } = receiptMail(receipt({ passenger: { name, email: 'a@example.com' } }));
  expect([text, html]).toEqual([expect.stringContaining(name), expect.stringContaining(name)]);
});

test.each([
  [1_234_567, 'HUF', 'HUF 12,345.67'],
  [16_200, 'JPY', 'JPY 16,200'],
  [16_200, 'KWD', 'KWD 16.200'],
])('%d of %s is %s', (amountMinor, currency, total) => {
  const paid = { ...receipt().paid, amountMinor, currency };
  expect(receiptMail(receipt({ paid })).text).toContain(`Total paid  ${total}\n`);
});

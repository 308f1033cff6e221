import { expect, test } from '@jest/globals';
import { subjectOf } from '../src/log-subject.ts';

const id = '7f8c2f0e-3b1a-4c7e-9d55-1f6a2b3c4d5e';
const envelope = (data: unknown) => ({ 'detail-type': 'PaymentOk', source: '', time: '', detail: { data } });

test('a booking has the same id in every line, however the event has it', () => {
  for (const bookingId of [id, id.toUpperCase()])
    expect(subjectOf(envelope({ bookingId }))).toEqual({
      detailType: 'PaymentOk',
      correlationId: id,
      eventId: `${id}.PaymentOk`,
    });
});

test.each([[42], [null], [{ name: 'Ada' }], ['ada@example.com'], ['\u001b[2J'], ['x'.repeat(150_000)]])(
  'no line has an id like %j',
  (bookingId) => {
    expect(subjectOf({ ...envelope({ bookingId }), 'detail-type': `${JSON.stringify(bookingId)} ` })).toEqual({});
  },
);

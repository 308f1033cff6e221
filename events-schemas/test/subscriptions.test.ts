import { expect, test } from '@jest/globals';
import { eventPatternOf, type Subscription } from '../src/subscriptions.ts';

test('a detail-type must be one of the contract, and of its producer', () => {
  ({ source: 'airline.seats', detailTypes: ['SeatBooked', 'SeatReleased'] }) satisfies Subscription;
  // @ts-expect-error There is no such event.
  ({ source: 'airline.seats', detailTypes: ['SeatPainted'] }) satisfies Subscription;
  // @ts-expect-error Payments publishes it.
  ({ source: 'airline.seats', detailTypes: ['SeatBooked', 'PaymentOk'] }) satisfies Subscription;
  // @ts-expect-error There is no such producer.
  ({ source: 'airline.seat', detailTypes: ['SeatBooked'] }) satisfies Subscription;
});

test('a subscription to some events of a type says in words which', () => {
  const detail = { data: { reason: ['cancelled'] } };
  const when = 'if the customer cancelled';
  ({ source: 'airline.seats', detailTypes: ['SeatReleased'], detail, when }) satisfies Subscription;
  // @ts-expect-error No words.
  ({ source: 'airline.seats', detailTypes: ['SeatReleased'], detail }) satisfies Subscription;
  // @ts-expect-error Words for no pattern.
  ({ source: 'airline.seats', detailTypes: ['SeatReleased'], when }) satisfies Subscription;
});

test('the pattern of a subscription is in EventBridge’s words', () => {
  const all = { source: 'airline.seats', detailTypes: ['SeatBooked', 'SeatReleased'] } as const;
  expect(eventPatternOf(all)).toEqual({ source: ['airline.seats'], 'detail-type': ['SeatBooked', 'SeatReleased'] });
  const detail = { data: { reason: ['cancelled'] } };
  const some = { source: 'airline.seats', detailTypes: ['SeatReleased'], detail, when: 'if it was cancelled' } as const;
  expect(eventPatternOf(some)).toEqual({ source: ['airline.seats'], 'detail-type': ['SeatReleased'], detail });
});

import { newEvent } from '@airline/events-schemas/events';
import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import { createMetrics } from '../src/metrics.ts';

interface EmfLine {
  _aws: {
    CloudWatchMetrics: { Namespace: string; Dimensions: string[][]; Metrics: { Name: string; Unit: string }[] }[];
  };
  [name: string]: unknown;
}

let written: string;

beforeEach(() => {
  written = '';
  process.env.POWERTOOLS_SERVICE_NAME = 'seats';
  process.env.POWERTOOLS_METRICS_NAMESPACE = 'airline';
  jest.spyOn(process.stdout, 'write').mockImplementation((chunk) => {
    written += String(chunk);
    return true;
  });
});
afterEach(() => {
  jest.restoreAllMocks();
  delete process.env.POWERTOOLS_SERVICE_NAME;
  delete process.env.POWERTOOLS_METRICS_NAMESPACE;
});

const lines = (): EmfLine[] =>
  written
    .trim()
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as EmfLine);
const data = { bookingId: '7f8c2f0e-3b1a-4c7e-9d55-1f6a2b3c4d5e', flightId: 'KL1001-20261218', seats: ['12A'] };
const occurredAt = '2026-12-01T09:30:00Z';

test('a batch writes one line for each reason, in the namespace of the airline, and no booking', () => {
  const metrics = createMetrics();
  const booked = newEvent('SeatBooked', { ...data, amountMinor: 1, currency: 'EUR' }, { occurredAt });
  const refused = (reason: 'taken' | 'departed') =>
    newEvent('SeatUnavailable', { ...data, unavailableSeats: [], reason }, { occurredAt });
  for (const event of [booked, refused('taken'), booked, refused('taken'), refused('departed')])
    metrics.onRecorded(event);
  metrics.took('TimeToSettle', 1234);
  expect(written).toBe('');
  metrics.flush();

  const [plain, taken, departed] = lines();
  expect(plain).toMatchObject({ service: 'seats', SeatBooked: [1, 1], TimeToSettle: 1234 });
  expect(plain!._aws.CloudWatchMetrics).toEqual([
    expect.objectContaining({
      Namespace: 'airline',
      Dimensions: [['service']],
      Metrics: [
        expect.objectContaining({ Name: 'SeatBooked', Unit: 'Count' }),
        expect.objectContaining({ Name: 'TimeToSettle', Unit: 'Milliseconds' }),
      ],
    }),
  ]);
  expect(taken).toMatchObject({ service: 'seats', reason: 'taken', SeatUnavailable: [1, 1] });
  expect(taken!._aws.CloudWatchMetrics[0]!.Dimensions).toEqual([['service', 'reason']]);
  expect(departed).toMatchObject({ reason: 'departed', SeatUnavailable: 1 });
  expect(written).not.toContain(data.bookingId);
});

test('a metric is written once, and nothing is written when nothing was counted', () => {
  const metrics = createMetrics();
  metrics.count('ImpossibleFact');
  metrics.flush();
  metrics.flush();
  expect(lines()).toHaveLength(1);
});

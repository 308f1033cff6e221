import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { stillMissing } from '../../../airline/load-flights.ts';
import { seatCount } from '../../../../packages/seats/src/domain.ts';
import { type Flight, findScheduleMistakes, moveSchedule, parseDay, readSchedule } from '../../../airline/schedule.ts';
import { workspaceRoot } from '../../../cli/workspace.ts';

const sampleFile = path.join(workspaceRoot, 'scripts', 'airline', 'sample-flights.json');
let sample: Flight[];
let folder: string;

beforeAll(async () => {
  sample = await readSchedule(sampleFile);
  folder = await mkdtemp(path.join(os.tmpdir(), 'schedule-'));
});
afterAll(() => rm(folder, { recursive: true }));

async function reading(text: string | Uint8Array): Promise<string> {
  const file = path.join(folder, 'flights.json');
  await writeFile(file, text);
  return readSchedule(file).then(
    () => 'accepted',
    (error: Error) => error.message,
  );
}

test('the sample has 95 flights with 26,132 seats', () => {
  expect(sample).toHaveLength(95);
  expect(sample.reduce((sum, flight) => sum + seatCount(flight), 0)).toBe(26_132);
});

describe('a schedule with a mistake is refused', () => {
  test.each<[string, (flights: Flight[]) => unknown, string]>([
    [
      'rows that end before they begin',
      (flights) => (flights[3]!.cabins[0]!.rows = { first: 9, last: 1 }),
      '[3].cabins[0].rows must not begin (9) after they end (1)',
    ],
    [
      'rows left out',
      (flights) => delete (flights[3]!.cabins[0] as Partial<Flight['cabins'][0]>).rows,
      '[3].cabins[0].rows is missing',
    ],
    [
      'a fare with a fraction of a cent',
      (flights) => (flights[0]!.cabins[1]!.fare.amountMinor = 1.5),
      '[0].cabins[1].fare.amountMinor must be integer',
    ],
    ['a flight twice', (flights) => flights.push(flights[7]!), '[95].flightId must not repeat KL1008-20261218 of [7]'],
    ['no time', (flights) => (flights[2]!.departureTime = 'tomorrow'), '[2].departureTime'],
  ])('%s', async (_, spoil, message) => {
    const flights = structuredClone(sample);
    spoil(flights);
    const error = await reading(JSON.stringify(flights));
    expect(error).toContain('1 mistake; nothing was published');
    expect(error).toContain(message);
  });

  test.each<[string, number, string]>([
    ['KWD', 51_241, 'KWD 51.241, is no multiple of 10 minor units, as Stripe requires'],
    ['MGA', 51_241, 'MGA 512.41, is no multiple of 100 minor units, as Stripe requires'],
    ['ISK', 1_000_000, 'ISK 1,000,000, is more than 999999 minor units, the most that Stripe charges'],
    ['IQD', 51_240, 'IQD 51.240, is in a currency that Stripe does not charge'],
  ])('a fare that payments cannot charge: %s %i', async (currency, amountMinor, why) => {
    const flights = structuredClone(sample.slice(0, 5));
    for (const { fare } of flights[4]!.cabins) Object.assign(fare, { currency, amountMinor: 1000 });
    flights[4]!.cabins[1]!.fare.amountMinor = amountMinor;
    const error = await reading(JSON.stringify(flights));
    expect(error).toContain('nothing was published');
    expect(error).toContain(`[4].cabins[1].fare cannot be charged: the fare of KL1005-20261218 economy, ${why}`);
  });

  test.each([
    ['ISK', 12_500],
    ['UGX', 400_000],
    ['KWD', 51_240],
    ['MGA', 51_200],
    ['HUF', 1_234_567],
  ])('but not a fare that payments can charge: %s %i', async (currency, amountMinor) => {
    const flights = structuredClone(sample.slice(0, 1));
    for (const { fare } of flights[0]!.cabins) Object.assign(fare, { currency, amountMinor });
    expect(await reading(JSON.stringify(flights))).toBe('accepted');
  });

  test.each([
    ['not JSON', '[{', 'is not JSON'],
    ['no array', '{}', 'must hold a JSON array'],
    ['an element that is not a flight', '[null]', '[0] must be object'],
  ])('%s', async (_, text, message) => {
    expect(await reading(text)).toContain(message);
  });

  test.each([
    ['Latin-1', Buffer.from(JSON.stringify([{ city: 'Zürich' }]), 'latin1'), 'is not UTF-8. Save it as UTF-8'],
    ['UTF-16', Buffer.from('\ufeff[]', 'utf16le'), 'is not UTF-8, but UTF-16. Save it as UTF-8'],
    ['text that would act on a terminal', '[\u001b]', String.raw`\u{1b}`],
  ])('%s', async (_, bytes, message) => {
    expect(await reading(bytes)).toContain(message);
    expect(await reading(bytes)).not.toContain('\u001b');
  });

  test('a file that does not exist', async () => {
    await expect(readSchedule('nowhere.json')).rejects.toThrow('nowhere.json cannot be read: there is no such file.');
  });
});

test('a byte order mark is no part of a schedule', async () => {
  const file = path.join(folder, 'with-mark.json');
  await writeFile(file, `\ufeff${JSON.stringify(sample)}`);
  expect(await readSchedule(file)).toEqual(sample);
});

test('a repeated id is reported even when other fields have mistakes', () => {
  expect(
    findScheduleMistakes([{ flightId: 'XX1-20270101' }, { flightId: 'XX1-20270101' }]).map(({ path }) => path),
  ).toContain('[1].flightId');
});

describe('a schedule that is moved', () => {
  test('begins on that day, keeps its times of day, and has ids of the new days', () => {
    const moved = moveSchedule(sample, '2028-02-29');
    expect(moved[0]).toMatchObject({
      flightId: 'KL1001-20280229',
      departureTime: '2028-02-29T06:37:00Z',
      cabins: sample[0]!.cabins,
    });
  });

  test('keeps the number of days between flights, across a change of year and of daylight saving time', () => {
    const two = [sample[0]!, { ...sample[1]!, flightId: 'KL1002-20261220', departureTime: '2026-12-20T23:59:00Z' }];
    expect(moveSchedule(two, '2027-03-27').map(({ flightId, departureTime }) => [flightId, departureTime])).toEqual([
      ['KL1001-20270327', '2027-03-27T06:37:00Z'],
      ['KL1002-20270329', '2027-03-29T23:59:00Z'],
    ]);
  });

  test.each(['9999-12-31', '1969-12-31'])('cannot begin on %s, which no time of an event can be', (day) => {
    expect(() => moveSchedule(sample, day)).toThrow(`The schedule cannot begin on ${day}: [`);
  });

  test.each(['2027-02-30', 'tomorrow', '27-1-1', ''])('cannot be moved to %j', (day) => {
    expect(() => parseDay(day)).toThrow('--first-day takes a date');
  });
});

test('reading a schedule neither adds nor removes anything', async () => {
  expect(JSON.parse(await readFile(sampleFile, 'utf8'))).toEqual(sample);
});

test('a flight that departed is not waited for, whatever the offset of its departure', () => {
  const now = Date.parse('2026-12-18T12:00:00Z');
  const flights = [
    '11:59:59Z',
    '17:59:59+06:00',
    '01:59:59-10:00',
    '12:00:01Z',
    '02:00:01-10:00',
    '18:00:01+06:00',
  ].map((time, index) => ({ ...sample[0]!, flightId: `KL${index}-20261218`, departureTime: `2026-12-18T${time}` }));
  const idsOf = (missing: Flight[]) => missing.map(({ flightId }) => flightId.slice(0, 3));
  expect(idsOf(stillMissing(flights, [], now))).toEqual(['KL3', 'KL4', 'KL5']);
  expect(idsOf(stillMissing(flights, flights.slice(4), now))).toEqual(['KL3']);
});

import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { maskAddresses, maskPersonalData } from '../src/personal-data.ts';

const examples = path.join(import.meta.dirname, '..', 'examples');
const example = (file: string): { data: Record<string, unknown> } =>
  JSON.parse(readFileSync(path.join(examples, file), 'utf8')) as { data: Record<string, unknown> };

test.each(readdirSync(examples))('%s: only what the contract marks is masked', (file) => {
  const event = example(file);
  const shown = file.startsWith('BookingRequested')
    ? { ...event, data: { ...event.data, passenger: { name: '***', email: '***' } } }
    : event;
  expect(maskPersonalData(event)).toEqual(shown);
});

describe('personal data is masked', () => {
  const ada = { name: 'Ada Lovelace', email: "o'hara@example.com" };
  test.each<[string, unknown, unknown]>([
    ['at the top of the data', { data: { email: ada.email } }, { data: { email: '***' } }],
    [
      'inside the metadata',
      { metadata: { passenger: ada } },
      { metadata: { passenger: { name: '***', email: '***' } } },
    ],
    ['where a passenger is a name', { passenger: 'Ada Lovelace' }, { passenger: '***' }],
    [
      'where passengers are names',
      { Passengers: [['Ada']], seats: ['12A'] },
      { Passengers: [['***']], seats: ['12A'] },
    ],
    [
      'where a passenger has other fields',
      { passenger: { ...ada, Ada: { first: 1 } } },
      { passenger: { name: '***', email: '***', '***': { '***': '***' } } },
    ],
    ['as another type', { email: [ada], name: { first: 'Ada' } }, { email: '***', name: '***' }],
    [
      'under a name of another spelling',
      { Email: 'x', 'e-mail': 'x', E_MAIL: 'x', ｅｍａｉｌ: 'x', passengerName: 'x', 'first name': 'x', FULLNAME: 'x' },
      {
        ...{ Email: '***', 'e-mail': '***', E_MAIL: '***', ｅｍａｉｌ: '***', passengerName: '***' },
        ...{ 'first name': '***', FULLNAME: '***' },
      },
    ],
    [
      'in JSON in a string',
      { body: JSON.stringify({ detail: ada }) },
      { body: '{"detail":{"name":"***","email":"***"}}' },
    ],
    ['in a string that begins like JSON', { body: '{"name": "Ada Lovel' }, { body: '***' }],
    ['as the name of a field', { [ada.email]: 1, flightId: 'KL1001' }, { '***': 1, flightId: 'KL1001' }],
    ['as an address in a text', { why: `mail to <${ada.email}> failed` }, { why: 'mail to <***> failed' }],
    ['in no field', ['Ada', 1, ['Ada']], ['***', 1, ['***']]],
    ['as the whole body', 'Ada Lovelace', '***'],
    ['as the whole detail', { source: 'x', detail: 'Ada Lovelace' }, { source: 'x', detail: '***' }],
    [
      'in place of an object of the event',
      { detail: { data: [['Ada']], metadata: 'Ada' } },
      { detail: { data: [['***']], metadata: '***' } },
    ],
    ['as a detail in JSON', { detail: '{"data":"Ada","a":"b"}' }, { detail: '{"data":"***","a":"b"}' }],
  ])('%s', (_, value, shown) => {
    expect(maskPersonalData(value)).toEqual(shown);
  });

  test('no part of a value is left, whatever JSON is around it', () => {
    const secret = fc.constantFrom('Zoé Qüyx', "z'qq.yx@example.com", '"zq yx"@example.com', 'ЖЖ ЫЫ', 4242424242);
    const words = ['zoé', 'qüyx', "z'", 'qq.yx', 'zq', 'yx', 'жж', 'ыы', '4242'];
    const personal = fc
      .tuple(fc.constantFrom('name', 'Email', 'e-mail', 'passengerName', 'EMAIL_ADDRESS', 'passenger'), secret)
      .map(([name, value]) => ({ [name]: value }));
    const other = fc.constantFrom('data', 'detail', 'metadata', 'seats', 'more', '0', '__proto__');
    const { wrapped } = fc.letrec<{ wrapped: unknown }>((tie) => ({
      wrapped: fc.oneof(
        { depthSize: 'large' },
        personal,
        tie('wrapped').map((value) => [1, value, null]),
        tie('wrapped').map((value) => JSON.stringify(value)),
        fc
          .tuple(fc.constantFrom('passenger', 'name', 'Passengers'), tie('wrapped'))
          .map(([name, value]) => ({ [name]: value })),
        fc.tuple(other, tie('wrapped'), other).map(([name, value, also]) => ({ [also]: 'x', [name]: value })),
      ),
    }));
    fc.assert(
      fc.property(wrapped, (value) => {
        const shown = JSON.stringify(maskPersonalData(value)).toLowerCase();
        expect(words.filter((word) => shown.includes(word))).toEqual([]);
      }),
    );
  });

  test('in a body that is nested as deep as a message can be', () => {
    const deep = JSON.parse(`${'[{"a":'.repeat(30_000)}{"name":"Ada"}${'}]'.repeat(30_000)}`) as unknown;
    expect(JSON.stringify(maskPersonalData(deep))).toMatch(/^(\[\{"a":){25}"\*\*\*"(\}\]){25}$/);
  });
});

describe('an address in a text', () => {
  test.each([
    ["Address o'hara@example.com is not verified", 'Address *** is not verified'],
    ['arn:aws:ses:us-east-1:1:identity/ada@example.com', 'arn:aws:ses:us-east-1:1:***'],
    ['"ada \\"the\\" countess"@example.com, ada+x@example.com;a@b', '***, ***;***'],
    ['<mailto:jörg@exämple.de>', '<mailto:***>'],
    ['?to=ada%40example.com', '***'],
    ['no address: KL1001 12A', 'no address: KL1001 12A'],
  ])('%s', (text, shown) => {
    expect(maskAddresses(text)).toBe(shown);
  });

  test('is found in linear time', () => {
    for (const part of ['a', '"', '\\"', '@', '"a" ']) expect(maskAddresses(part.repeat(500_000))).toBeDefined();
  });
});

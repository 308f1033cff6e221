import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { releaseFolder } from '@airline/events-schemas/compatibility/releases';
import { schemaFolder } from '@airline/events-schemas/compatibility/contract';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { type CommandResult, runCommand } from '../../../cli/run-command.ts';
import { copyWorkspace } from '../../support/copy-workspace.ts';

let folder: string;
const schemas = (): string => path.join(folder, 'schemas');
const released = (): string => path.join(folder, 'released');

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'airline-contract-'));
  cpSync(schemaFolder, schemas(), { recursive: true });
  cpSync(releaseFolder, released(), { recursive: true });
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

interface EventSchema {
  required: string[];
  properties: { data: { properties: Record<string, Record<string, unknown>>; required: string[] } };
}

function change(file: string, edit: (schema: EventSchema) => void): void {
  const name = path.join(schemas(), file);
  const schema = JSON.parse(readFileSync(name, 'utf8')) as EventSchema;
  edit(schema);
  writeFileSync(name, JSON.stringify(schema));
}

const command = (name: string, ...more: string[]): Promise<CommandResult> =>
  runCommand(process.env, `contracts-${name}`, '--schemas', schemas(), '--released', released(), ...more);
const check = (...more: string[]): Promise<CommandResult> => command('check', '--no-rules', ...more);

describe('pnpm contracts:check', () => {
  test('passes the contract as it is', async () => {
    const { code, stdout, stderr } = await check('--frozen');
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(/Everyone understands everyone: 10 events and \d+ releases?, 5 readers/);
  });

  test('names the field and its readers when a required field is removed', async () => {
    change('PaymentOk.v1.json', ({ properties: { data } }) => {
      delete data.properties.paidAt;
      data.required = data.required.filter((name) => name !== 'paidAt');
    });
    const { code, stderr } = await check();
    expect(code).toBe(1);
    expect(stderr).toContain(
      'PaymentOk.v1 data.paidAt: in a new event it may be missing; the reader requires it. ' +
        'This breaks old readers in receipts, seats, status: they refuse the event; receipts reads this field.',
    );
    expect(stderr).toContain('receipts reads data.paidAt of PaymentOk, which no schema of airline.payments has.');
  });

  test('names the readers that must handle the absence of a field which becomes optional', async () => {
    change('BookingRequested.v1.json', ({ properties: { data } }) => {
      data.required = data.required.filter((name) => name !== 'flightId');
    });
    const { code, stderr } = await check();
    expect(code).toBe(1);
    expect(stderr).toContain('BookingRequested.v1 data.flightId: ');
    expect(stderr).toContain('receipts, seats, status read this field');
    expect(stderr).toContain(
      'seats reads data.flightId of BookingRequested as if it were always present, but airline.bookings need not send it',
    );
  });

  test('reports that old messages break new readers when a field becomes required', async () => {
    change('BookingRequested.v1.json', ({ properties: { data } }) => data.required.push('expiresAt'));
    const { code, stderr } = await check();
    expect(code).toBe(1);
    expect(stderr).toContain(
      'BookingRequested.v1 data.expiresAt: in an old event it may be missing; the reader requires it. ' +
        'This breaks new readers in payments, receipts, seats, status: they refuse the event; payments, seats read this field.',
    );
  });

  test('accepts a new optional field. Once it is released, it must stay as it is', async () => {
    change('SeatBooked.v1.json', ({ properties: { data } }) => (data.properties.cabin = { type: 'string' }));
    const compatible = await check();
    expect([compatible.code, compatible.stdout]).toEqual([
      0,
      expect.stringContaining('Not released yet: SeatBooked.v1.'),
    ]);
    expect((await check('--frozen')).code).toBe(1);

    expect((await command('release')).stdout).toContain(': SeatBooked.v1. Commit ');
    expect((await check('--frozen')).code).toBe(0);
    expect((await command('release')).stdout).toContain('Nothing to release');

    change('SeatBooked.v1.json', ({ properties: { data } }) => (data.properties.cabin = { type: 'integer' }));
    const { code, stderr } = await check();
    expect(code).toBe(1);
    expect(stderr).toContain(
      'SeatBooked.v1 data.cabin: in a new event it may be an integer; the reader accepts a string.',
    );
    expect((await command('release')).code).toBe(1);
  });

  test('refuses a schema with a keyword that it does not support', async () => {
    change(
      'SeatReleased.v1.json',
      ({ properties: { data } }) => (data.properties.reason = { oneOf: [{ type: 'string' }] }),
    );
    const { code, stderr } = await check();
    expect(code).toBe(1);
    expect(stderr).toContain(
      'SeatReleased.v1 data.reason: in a new event it changed, and the check does not understand the keyword oneOf.',
    );
  });

  test('names stack, rule and detail-type when a service listens for an event that nobody publishes', async () => {
    const workspace = copyWorkspace(['events-schemas', 'infra', 'packages', 'scripts']);
    try {
      const subscriptions = path.join(workspace, 'packages/receipts/src/subscriptions.ts');
      const source = readFileSync(subscriptions, 'utf8');
      expect(source).toContain("['SeatBooked', 'SeatReleased']");
      writeFileSync(subscriptions, source.replace("['SeatBooked', 'SeatReleased']", "['SeatBoked', 'SeatReleased']"));
      const gate = [
        process.execPath,
        '--import',
        'tsx/esm',
        path.join(workspace, 'scripts/commands/contracts-check.ts'),
      ] as const;
      const { status, stderr } = spawnSync(gate[0], gate.slice(1), { cwd: workspace, encoding: 'utf8' });
      expect(status).toBe(1);
      expect(stderr).toMatch(
        /airline-receipts: rule ConsumerSeats\w+ \(receipts hears SeatBoked, .*\) hears the detail-type SeatBoked, which nobody publishes; published are /,
      );
    } finally {
      rmSync(workspace, { recursive: true, force: true });
    }
  });
});

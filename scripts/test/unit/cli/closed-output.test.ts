/** A reader that closes an output early, as `head` does, is no error: the command finishes or stops safely. */
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { cdkApps } from '../../../airline/cdk-apps.ts';
import { commandArguments, workspaceRoot } from '../../../cli/workspace.ts';
import { plainEnvironment } from '../../end-to-end/support/airline-place.ts';
import { fewAtOnce } from '../../support/few-at-once.ts';
import { runWithoutReader, type WithoutReader } from '../../support/closed-pipe.ts';

const flight = {
  flightId: 'KL1001-20270131',
  flightNumber: 'KL1001',
  origin: { iata: 'AMS', city: 'Amsterdam' },
  destination: { iata: 'ABZ', city: 'Aberdeen' },
  departureTime: '2027-01-31T06:37:00Z',
  aircraft: 'Embraer 190',
  seatCount: 100,
  cabins: [],
};
const event = { event: 'BookingRequested', service: 'bookings', occurredAt: flight.departureTime };

let frontDoor: Server;
let folder: string;
let requests: string[] = [];
let environment: NodeJS.ProcessEnv;

/** The bookings of the front door. `settled` is settled, `later` is known from the second request on. */
const bookings = {
  settled: '00000000-0000-4000-8000-000000000001',
  later: '00000000-0000-4000-8000-000000000002',
  endless: '00000000-0000-4000-8000-000000000003',
};

/** Answers as the front door does: with a flight, and with these bookings. */
function answer({ method, url = '' }: IncomingMessage, response: ServerResponse): void {
  requests.push(`${method} ${url.split('?')[0]}`);
  const count = requests.length;
  const timeline = Array.from({ length: count }, (_, index) => ({
    ...event,
    eventId: `event-${index}`,
    heardAt: event.occurredAt,
  }));
  const send = (status: number, body: object): void => {
    response.writeHead(status, { 'content-type': 'application/json', etag: `"${count}"` }).end(JSON.stringify(body));
  };
  if (method === 'DELETE') return send(202, { cancelledAt: event.occurredAt });
  if (url === '/flights') return send(200, { flights: Array.from({ length: 95 }, () => flight) });
  if (url.startsWith(`/bookings/${bookings.later}`) && count === 1) return send(404, { detail: 'unknown' });
  if (url.startsWith(`/bookings/${bookings.endless}`))
    return send(200, { status: 'REQUESTED', settled: false, timeline });
  return send(200, { status: 'CONFIRMED', settled: true, timeline });
}

beforeAll(async () => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'airline-closed-'));
  frontDoor = createServer(answer);
  await new Promise<void>((resolve) => frontDoor.listen(0, '127.0.0.1', resolve));
  environment = {
    ...plainEnvironment(),
    LOCAL_HTTP_PORT: String((frontDoor.address() as AddressInfo).port),
    LOCAL_AWS_PORT: '1',
    CDK_ASSEMBLIES: folder,
    CDK_CONTEXT_JSON: JSON.stringify({ 'aws:cdk:bundling-stacks': [] }),
  };
});
afterAll(() => {
  frontDoor.close();
  frontDoor.closeAllConnections();
  rmSync(folder, { recursive: true, force: true });
});
beforeEach(() => {
  requests = [];
});

const run = (closed: WithoutReader['closed'], [name, ...parameters]: string[], reader?: string) =>
  runWithoutReader({
    parameters: commandArguments(name!, ...parameters),
    environment,
    closed,
    ...(reader !== undefined && { reader }),
  });

describe('standard output that nobody reads', () => {
  const lines = [
    ...[
      'flights list',
      'flights list --json',
      `status ${bookings.settled}`,
      `cancel ${bookings.settled}`,
      'contracts-check --no-rules',
    ],
    // Commander writes the usage, past the console.
    ...['book --help', 'test-conformance --help'],
  ];
  const results = new Map<string, Awaited<ReturnType<typeof run>>>();

  beforeAll(async () => {
    await fewAtOnce(3, lines, async (line) => void results.set(line, await run('stdout', line.split(' '))));
  });

  test.each(lines)('is no error of %s', (line) => {
    expect(results.get(line)).toEqual({ code: 0, stdout: '', stderr: '' });
  });

  test('changes no exit code: a command that fails still fails', async () => {
    const { code, stderr } = await run('stdout', ['chaos', '--running', '--json']);
    expect([code, stderr]).toEqual([1, expect.stringContaining('No local cloud answers')]);
    expect((await run('both', ['status', bookings.settled, '--target', 'moon'])).code).toBe(1);
  });

  test('ends status --watch, which would only go on printing', async () => {
    expect(await run('stdout', ['status', bookings.endless, '--watch'], 'head -1')).toEqual({
      code: 0,
      stdout: '',
      stderr: '',
    });
    expect(requests.length).toBeGreaterThan(1);
  });

  test('ends cancel --watch after the booking was cancelled', async () => {
    expect(await run('both', ['cancel', bookings.endless, '--watch'])).toMatchObject({ code: 0 });
    expect(requests).toContain(`DELETE /bookings/${bookings.endless}`);
  });

  test('does not end synth before it has written everything', async () => {
    expect(await run('both', ['synth'])).toMatchObject({ code: 0 });
    for (const { assembly } of cdkApps(folder)) expect(existsSync(path.join(assembly, 'manifest.json'))).toBe(true);
  });

  test('stops start as Ctrl-C does', async () => {
    const state = path.join(workspaceRoot, '.local-cloud');
    const assemblies = () =>
      existsSync(state) ? readdirSync(state).filter((name) => name.startsWith('assemblies-')) : [];
    const before = assemblies();
    expect(await run('both', ['start'])).toMatchObject({ code: 0 });
    expect(assemblies().filter((name) => !before.includes(name))).toEqual([]);
  });
});

describe('standard error that nobody reads', () => {
  test.each([
    ['status --watch, which waits for an answer', `status ${bookings.later} --watch`, /^CONFIRMED/m],
    ['status --watch --json', `status ${bookings.later} --watch --json`, /"CONFIRMED"/],
    ['cancel of a booking that nobody knows', `cancel ${bookings.later}`, /cancelled at/],
  ])('does not end %s', async (_, line, expected) => {
    expect(await run('stderr', line.split(' '))).toEqual({
      code: 0,
      stdout: expect.stringMatching(expected),
      stderr: '',
    });
  });
});

import { DisableRuleCommand, EnableRuleCommand } from '@aws-sdk/client-eventbridge';
import { beforeAll, describe, expect, test } from '@jest/globals';
import type { ListedFlight } from '../../../airline/list-flights.ts';
import type { Outcome } from '../../../smoke/check.ts';
import type { SmokeReport } from '../../../smoke/run-smoke.ts';
import { type RunningAirline, runsOnEmulator } from '../support/running-airline.ts';
import { sharedAirline } from '../support/shared-airline.ts';

let airline: RunningAirline;

beforeAll(async () => {
  airline = await sharedAirline();
});

async function smoke(): Promise<{ code: number | null; report: SmokeReport; states: Record<string, string> }> {
  const { code, stdout, stderr } = await airline.command('smoke', '--json');
  if (stdout === '') throw new Error(stderr);
  const report = JSON.parse(stdout) as SmokeReport;
  return { code, report, states: Object.fromEntries(report.checks.map(({ name, state }) => [name, state])) };
}

async function smokeFlightsOnSale(): Promise<ListedFlight[]> {
  return (await airline.get<{ flights: ListedFlight[] }>('/flights?origin=XSA&destination=XSB')).flights;
}

const onLocalCloud = runsOnEmulator ? 'passed' : 'skipped';
const working: Record<string, Outcome['state']> = {
  leftovers: 'passed',
  provider: 'passed',
  flight: 'passed',
  rules: 'passed',
  policies: onLocalCloud,
  alarms: onLocalCloud,
  routes: 'passed',
  poison: 'passed',
  books: 'passed',
  declined: 'passed',
  cancels: 'passed',
  expires: 'passed',
  agree: 'passed',
  cleanup: 'passed',
};

describe('the smoke test', () => {
  test('passes on an airline that works, in less than three minutes, and takes everything back', async () => {
    const started = Date.now();
    const { code, report, states } = await smoke();
    expect(report.checks.filter(({ state }) => state === 'failed')).toEqual([]);
    expect(states).toEqual(working);
    expect({ code, passed: report.passed }).toEqual({ code: 0, passed: true });
    expect(Date.now() - started).toBeLessThan(180_000);
    expect(await smokeFlightsOnSale()).toEqual([]);
    const { queues } = JSON.parse((await airline.command('dlq', 'list', '--json')).stdout) as {
      queues: { messages: number }[];
    };
    expect(queues.filter(({ messages }) => messages > 0)).toEqual([]);
    expect((await airline.reconcile()).report.findings).toEqual([]);
  });

  test('names the rule that is disabled and the service that does not react, and fails', async () => {
    const rule = { EventBusName: 'airline', Name: 'airline-receipts-payments' };
    await airline.eventBridge.send(new DisableRuleCommand(rule));
    const { code, report, states } = await smoke();
    await airline.eventBridge.send(new EnableRuleCommand(rule));

    expect({ code, passed: report.passed }).toEqual({ code: 1, passed: false });
    // The booking waits for its receipt. Everything else goes on, and the booking is taken back.
    expect(states).toEqual({ ...working, rules: 'failed', books: 'failed', cancels: 'skipped', agree: 'failed' });
    const line = (name: string): Outcome => report.checks.find((check) => check.name === name)!;
    expect(line('rules').saw).toBe('airline-receipts-payments is DISABLED');
    expect(line('books').saw).toMatch(/^\S+ is CONFIRMED, not settled: no ReceiptIssued$/);
    expect(line('books').next).toMatch(/^`pnpm dlq show receipts --booking \S+`; runbook, "A dead-letter queue/);
    expect(await smokeFlightsOnSale()).toEqual([]);
    expect((await airline.reconcile()).report.findings).toEqual([]);
  });
});

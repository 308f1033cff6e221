/**
 * A service's stack is removed while bookings are in flight, comes back, and one of its rules is added. The local cloud
 * has an archive but removes no stacks, so this test makes the calls that CloudFormation makes, in the order of the
 * template: the rules go first and come last; table and queues stay. On the emulator the stacks are really removed
 * (deployment.test.ts), but there is no archive.
 */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import {
  DeleteRuleCommand,
  ListRulesCommand,
  ListTargetsByRuleCommand,
  PutRuleCommand,
  PutTargetsCommand,
  RemoveTargetsCommand,
  type Rule,
  type Target as RuleTarget,
} from '@aws-sdk/client-eventbridge';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { BookingStatus } from '../../airline/follow-booking.ts';
import { workspaceRoot } from '../../cli/workspace.ts';
import { type Customer, RunningAirline, runsOnEmulator, until } from './support/running-airline.ts';

const declined = 'pm_card_visa_chargeDeclined';
const bookings = 200;
const bus = { EventBusName: 'airline' };

let airline: RunningAirline;
let customer: Customer;

beforeAll(async () => {
  if (runsOnEmulator) return;
  airline = await RunningAirline.start();
  customer = await airline.customer('KL1002');
});
afterAll(async () => {
  await airline?.stop();
});

interface RemovedStack {
  /** Creates the consumer, and then the rules but for one. */
  comeBackWithout(name: string): Promise<void>;
  addRule(name: string): Promise<void>;
}

async function removeStack(service: string): Promise<RemovedStack> {
  const client = airline.eventBridge;
  const { Rules = [] } = await client.send(new ListRulesCommand({ ...bus, NamePrefix: `airline-${service}-` }));
  const targetsOf = new Map<string, RuleTarget[]>();
  for (const { Name } of Rules) {
    const { Targets = [] } = await client.send(new ListTargetsByRuleCommand({ ...bus, Rule: Name }));
    targetsOf.set(Name!, Targets);
    await client.send(new RemoveTargetsCommand({ ...bus, Rule: Name, Ids: Targets.map(({ Id }) => Id!) }));
    await client.send(new DeleteRuleCommand({ ...bus, Name }));
  }
  await airline.setConsumer(service, false);

  const create = async ({ Arn: _, ...rule }: Rule): Promise<void> => {
    await client.send(new PutRuleCommand(rule as PutRuleCommand['input']));
    await client.send(new PutTargetsCommand({ ...bus, Rule: rule.Name, Targets: targetsOf.get(rule.Name!) }));
  };
  return {
    async comeBackWithout(name) {
      await airline.setConsumer(service, true);
      for (const rule of Rules.filter(({ Name }) => Name !== name)) await create(rule);
    },
    addRule: (name) => create(Rules.find(({ Name }) => Name === name)!),
  };
}

/** The commands of a section of the runbook. */
function runbookCommands(section: string): string[] {
  const runbook = readFileSync(path.join(workspaceRoot, 'docs', 'runbook.md'), 'utf8');
  const [, text = ''] = new RegExp(`\\n## ${section}\\n(.*?)\\n## `, 's').exec(runbook) ?? [];
  return [...text.matchAll(/`(pnpm [^`]+)`/g)].map(([, command]) => command!.replaceAll(/\s+/g, ' '));
}

async function quiet(): Promise<void> {
  await until('all is handled', async () => (await airline.unhandled()) === 0);
}

const testHere = runsOnEmulator ? test.skip : test;

describe('the stack of seats is removed, comes back and gets a rule more, while 200 bookings are in flight', () => {
  testHere("what it missed comes back with the runbook's replay: all settle, and nothing happens twice", async () => {
    const started = new Date(Date.now() - 1000).toISOString();
    const asked = Array.from({ length: bookings }, (_, index) =>
      customer.request(index % 10 === 0 ? { payment: { ...customer.fare, method: declined } } : {}),
    );
    let removed: RemovedStack | undefined;
    for (const [index, request] of asked.entries()) {
      if (index === 50) removed = await removeStack('seats');
      if (index === 110) await removed!.comeBackWithout('airline-seats-payments');
      if (index === 160) await removed!.addRule('airline-seats-payments');
      await airline.publish('BookingRequested', request);
    }
    await quiet();
    const statuses = async (): Promise<BookingStatus[]> =>
      Promise.all(asked.map(({ bookingId }) => airline.get<BookingStatus>(`/bookings/${bookingId}`)));
    const waiting = (await statuses()).filter(({ settled }) => !settled);
    console.log(`${waiting.length} of ${bookings} bookings wait for what seats missed.`);
    expect(waiting.length).toBeGreaterThanOrEqual(60);

    // Word by word, but for the placeholder.
    const commands = runbookCommands("A service's stack was removed");
    expect(commands).toContain('pnpm replay --from TIME --confirm');
    expect(commands).toContain('pnpm reconcile');
    const replayed = await airline.command('replay', '--from', started, '--confirm', '--json');
    expect(JSON.parse(replayed.stdout)).toMatchObject({ confirmed: true, state: 'COMPLETED' });
    await quiet();

    for (const { bookingId, payment } of asked) {
      const { status } = await airline.settled(bookingId);
      const mustFail = payment.method === declined;
      expect([bookingId, status]).toEqual([bookingId, mustFail ? 'PAYMENT_FAILED' : 'CONFIRMED']);
    }
    await quiet();
    const charged = await airline.allCharged();
    const seatMap = await airline.seatMap(customer.flight.flightId);
    for (const { bookingId, payment, seats } of asked) {
      const mustFail = payment.method === declined;
      expect(charged.get(bookingId) ?? { net: 0, charges: 0 }).toEqual(
        mustFail ? { net: 0, charges: 0 } : { net: payment.amountMinor, charges: 1 },
      );
      expect([bookingId, seatMap.get(seats[0]!)]).toEqual([bookingId, mustFail ? 'free' : 'sold']);
    }
    expect(await airline.reconcile()).toMatchObject({
      code: 0,
      report: { bookings, inFlight: 0, findings: [] },
    });
  });
});

import { createHash } from 'node:crypto';
import { chaosProfiles } from './chaos-profiles.ts';
import type { ChaosProfile, FaultKind, Family, ProfileName } from './chaos-profiles.ts';

/** One decision to misbehave. */
export interface Fault {
  kind: FaultKind;
  /** 0 ≤ size < 1: how late, how soon. Decided with the fault, so that the same seed gives the same. */
  size: number;
}

/** How often one kind of fault met one site. */
export interface Cell {
  /** Who was met, such as a function or a queue. */
  party: string;
  /** What it was about to do, such as `DynamoDB PutItem`. */
  operation: string;
  kind: FaultKind;
  count: number;
  /** Of killed invocations: how many messages they had been given. */
  messages?: number;
}

export interface ChaosOptions {
  seed: number;
  profile: ProfileName;
}

export interface ChaosReport extends ChaosOptions {
  enabled: boolean;
  /** Until an outage is over, 0 when none is on or to come. */
  outageSecondsLeft: number;
  faults: number;
  cells: Cell[];
}

/** One request or event in a place where something can go wrong: a series of decisions of its own. */
interface Site {
  party: string;
  operation: string;
  decisions: number;
  burst?: { kind: FaultKind; left: number };
}

const LONGEST_BURST = 8;
/** Comes in bursts, as on AWS: who is refused once is refused again a moment later, until the SDK's own attempts are used up. */
const IN_BURSTS = new Set<FaultKind>(['throttled']);

/**
 * Decides where the local cloud misbehaves, and counts it. Each site draws from a series of its own, which depends on the seed
 * and on nothing else: the nth PutItem of a function meets the same fate in every run, whatever happens elsewhere meanwhile.
 */
export class Chaos {
  #options: ChaosOptions;
  #profile: ChaosProfile;
  #enabledAt: number | undefined;
  readonly #now: () => number;
  readonly #sites = new Map<string, Site>();
  readonly #cells = new Map<string, Cell>();

  /** @param now milliseconds since the epoch; for outages, which last a time */
  constructor(options: ChaosOptions, now: () => number = Date.now) {
    this.#options = options;
    this.#profile = chaosProfiles[options.profile];
    this.#now = now;
  }

  get enabled(): boolean {
    return this.#enabledAt !== undefined;
  }

  /** Begins to misbehave, or goes on. @param options begin anew: every series at its start, every counter at 0 */
  enable(options?: ChaosOptions): void {
    if (options) {
      this.#options = options;
      this.#profile = chaosProfiles[options.profile];
      this.#sites.clear();
      this.#cells.clear();
    }
    this.#enabledAt = this.#now();
  }

  disable(): void {
    this.#enabledAt = undefined;
  }

  /** Whether something goes wrong now, and what. Counts it unless the caller does: a worker may escape its killer. */
  decide(family: Family, party: string, operation: string, countNow = true): Fault | undefined {
    if (!this.enabled) return undefined;
    const site = this.#site(party, operation);
    const draw = createHash('sha256')
      .update(`${this.#options.seed}/${party}/${operation}/${site.decisions++}`)
      .digest();
    const uniform = (index: number): number => draw.readUInt32BE(index * 4) / 2 ** 32;
    const kind = this.#isOut(family)
      ? 'outage'
      : (continueBurst(site) ?? choose(this.#profile.rates[family], uniform(0)));
    if (kind === undefined) return undefined;
    if (IN_BURSTS.has(kind)) site.burst ??= { kind, left: Math.floor(uniform(1) * LONGEST_BURST) };
    if (countNow) this.count(party, operation, kind);
    return { kind, size: uniform(2) };
  }

  count(party: string, operation: string, kind: FaultKind, messages?: number): void {
    const key = `${party}/${operation}/${kind}`;
    const cell: Cell = this.#cells.get(key) ?? { party, operation, kind, count: 0 };
    cell.count += 1;
    if (messages !== undefined) cell.messages = (cell.messages ?? 0) + messages;
    this.#cells.set(key, cell);
  }

  report(): ChaosReport {
    const order = ({ party, operation, kind }: Cell): string => `${operation}/${kind}/${party}`;
    const cells = [...this.#cells.values()].sort((a, b) => order(a).localeCompare(order(b)));
    const faults = cells.reduce((sum, { count }) => sum + count, 0);
    return { ...this.#options, enabled: this.enabled, outageSecondsLeft: this.#outageSecondsLeft(), faults, cells };
  }

  #site(party: string, operation: string): Site {
    const key = `${party}/${operation}`;
    const known = this.#sites.get(key);
    if (known) return known;
    const site = { party, operation, decisions: 0 };
    this.#sites.set(key, site);
    return site;
  }

  #isOut(family: Family): boolean {
    const { outage } = this.#profile;
    const left = this.#outageSecondsLeft();
    return outage?.family === family && left > 0 && left <= outage.seconds;
  }

  #outageSecondsLeft(): number {
    const { outage } = this.#profile;
    if (!outage || this.#enabledAt === undefined) return 0;
    return Math.max(0, outage.afterSeconds + outage.seconds - (this.#now() - this.#enabledAt) / 1000);
  }
}

function continueBurst(site: Site): FaultKind | undefined {
  if (!site.burst) return undefined;
  const { kind, left } = site.burst;
  if (left === 0) delete site.burst;
  else site.burst.left -= 1;
  return left === 0 ? undefined : kind;
}

function choose(rates: Partial<Record<FaultKind, number>>, uniform: number): FaultKind | undefined {
  let below = 0;
  for (const [kind, rate] of Object.entries(rates) as [FaultKind, number][]) {
    below += rate;
    if (uniform < below) return kind;
  }
  return undefined;
}

import { createHash } from 'node:crypto';
import { chaosProfiles } from './chaos-profiles.ts';
import type { ChaosProfile, FaultKind, Family, ProfileName } from './chaos-profiles.ts';

/** A fault to inject. */
export interface Fault {
  kind: FaultKind;
  /**
   * 0 ≤ size < 1: the delay of the fault, as a fraction of its maximum. The seed decides it, as it decides the kind.
   */
  size: number;
}

/** The number of faults of one kind at one site. */
export interface Cell {
  /**
   * The function, queue or detail-type with the fault; `payment provider`; or `outside`: a caller that is no function.
   */
  party: string;
  /** The operation with the fault, such as `DynamoDB PutItem`. */
  operation: string;
  kind: FaultKind;
  count: number;
  /** For killed invocations: the number of messages in their batches. */
  messages?: number;
}

export interface ChaosOptions {
  seed: number;
  profile: ProfileName;
}

/** A fault that every matching operation has, until it is switched off. */
export interface StandingFault {
  family: Family;
  kind: FaultKind;
  /** @default every party */
  party?: string;
  /** @default every operation */
  operation?: string;
}

export interface ChaosReport extends ChaosOptions {
  enabled: boolean;
  /** Seconds until the end of the outage. 0 after it, without an outage, and while faults are disabled. */
  outageSecondsLeft: number;
  faults: number;
  cells: Cell[];
  standing: readonly StandingFault[];
}

/** One operation of one party. It has its own series of decisions. */
interface Site {
  party: string;
  operation: string;
  /** The number of decisions so far. */
  decisions: number;
  burst?: { kind: FaultKind; left: number };
}

const LONGEST_BURST = 8;
/** Kinds that come in bursts, as throttling does on AWS: retries of the SDK are throttled too, until it gives up. */
const IN_BURSTS = new Set<FaultKind>(['throttled']);

/**
 * Decides which operations get faults, and counts the faults. The decisions at a site depend only on the seed, the site
 * and their number: the nth PutItem of a function gets the same decision in every run, independent of other sites.
 */
export class Chaos {
  #options: ChaosOptions;
  #profile: ChaosProfile;
  #enabledAt: number | undefined;
  #standing: readonly StandingFault[] = [];
  readonly #now: () => number;
  readonly #sites = new Map<string, Site>();
  readonly #cells = new Map<string, Cell>();

  /** @param now milliseconds since the epoch, for the duration of outages */
  constructor(options: ChaosOptions, now: () => number = Date.now) {
    this.#options = options;
    this.#profile = chaosProfiles[options.profile];
    this.#now = now;
  }

  get enabled(): boolean {
    return this.#enabledAt !== undefined;
  }

  /**
   * Enables faults.
   * @param options restart: every series of decisions begins again, and every counter is 0. @default continue
   */
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

  /** Replaces the standing faults. They strike while faults are enabled, whatever the seed decides. */
  stand(faults: readonly StandingFault[]): void {
    this.#standing = faults;
  }

  /** Whether a queue's messages are received by nobody. Only a standing fault does that. */
  isClosed(queue: string): boolean {
    return this.enabled && this.#standingKind('receive', queue, '') === 'outage';
  }

  /**
   * The next decision at a site.
   * @param countNow false when the caller counts the fault itself, since the fault may not happen after all
   * @returns undefined when no fault is injected
   */
  decide(family: Family, party: string, operation: string, countNow = true): Fault | undefined {
    if (!this.enabled) return undefined;
    const site = this.#site(party, operation);
    const draw = createHash('sha256')
      .update(`${this.#options.seed}/${party}/${operation}/${site.decisions++}`)
      .digest();
    const uniform = (index: number): number => draw.readUInt32BE(index * 4) / 2 ** 32;
    const kind = this.#hasOutage(family)
      ? 'outage'
      : (this.#standingKind(family, party, operation) ??
        continueBurst(site) ??
        choose(this.#profile.rates[family], uniform(0)));
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
    return {
      ...this.#options,
      enabled: this.enabled,
      outageSecondsLeft: this.#outageSecondsLeft(),
      faults,
      cells,
      standing: this.#standing,
    };
  }

  #site(party: string, operation: string): Site {
    const key = `${party}/${operation}`;
    const known = this.#sites.get(key);
    if (known) return known;
    const site = { party, operation, decisions: 0 };
    this.#sites.set(key, site);
    return site;
  }

  #standingKind(family: Family, party: string, operation: string): FaultKind | undefined {
    return this.#standing.find(
      (fault) =>
        fault.family === family && (fault.party ?? party) === party && (fault.operation ?? operation) === operation,
    )?.kind;
  }

  #hasOutage(family: Family): boolean {
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
  let cumulated = 0;
  for (const [kind, rate] of Object.entries(rates) as [FaultKind, number][]) {
    cumulated += rate;
    if (uniform < cumulated) return kind;
  }
  return undefined;
}

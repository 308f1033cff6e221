import type { Archive, ArchivesOptions, KeptArchive } from './archive.ts';
import { AwsError } from '../aws-error.ts';
import { type Input, optionalText, page, requiredText } from './event-bridge-input.ts';
import { EventReplays } from './event-replay.ts';
import { InvalidEventPatternError, matchesEventPattern, validateEventPattern } from './event-pattern.ts';
import { LocalCloudError } from '../local-cloud-error.ts';
import type { EventBridgeEvent } from './put-events-entry.ts';

/** Some 80,000 events. The local cloud runs for hours on one machine; AWS keeps archives for years. */
const mostBytes = 64 * 1024 * 1024;

/** Archives of event buses, in memory, and the operations on them. */
export class EventArchives {
  readonly operations: Record<string, (input: Input) => unknown>;
  readonly #options: ArchivesOptions;
  readonly #archives = new Map<string, KeptArchive>();
  readonly #replays: EventReplays;

  constructor(options: ArchivesOptions) {
    this.#options = options;
    this.#replays = new EventReplays(options, (arn) =>
      [...this.#archives.values()].find((archive) => archive.arn === arn),
    );
    this.operations = {
      DescribeArchive: (input) => describe(this.#archive(input)),
      ListArchives: (input) => this.#list(input),
      ...this.#replays.operations,
    };
  }

  /** @throws LocalCloudError when the name is taken or EventBridge would refuse the pattern */
  create(archive: Archive): { name: string; arn: string } {
    const { name, eventPattern } = archive;
    if (this.#archives.has(name)) {
      throw new LocalCloudError(`There is already an event archive named ${name}: give one of them another name.`);
    }
    try {
      if (eventPattern) validateEventPattern(eventPattern);
    } catch (error) {
      if (error instanceof InvalidEventPatternError) throw new LocalCloudError(`Archive ${name}: ${error.message}`);
      throw error;
    }
    const arn = this.#options.arn(`archive/${name}`);
    this.#archives.set(name, { ...archive, arn, createdAt: this.#options.timers.now(), events: [], bytes: 0 });
    return { name, arn };
  }

  /** Keeps an event that was put on the bus in every archive that is meant for it. What is replayed is not put on the bus. */
  keep(busArn: string, event: EventBridgeEvent, body: string): void {
    for (const archive of this.#archives.values()) {
      if (archive.eventSourceArn !== busArn) continue;
      if (archive.eventPattern && !matchesEventPattern(archive.eventPattern, event)) continue;
      archive.events.push({ at: this.#options.timers.now(), body });
      archive.bytes += body.length;
      if (archive.bytes > mostBytes) this.#forgetOldest(archive);
    }
  }

  /** Ends the replays under way. */
  close(): Promise<void> {
    return this.#replays.close();
  }

  #forgetOldest(archive: KeptArchive): void {
    // A tenth at once, so that this is rare.
    const forgotten = archive.events.splice(0, Math.ceil(archive.events.length / 10));
    archive.bytes -= forgotten.reduce((sum, { body }) => sum + body.length, 0);
    this.#options.log(
      `EventBridge: archive ${archive.name} is full; its oldest ${forgotten.length} events are forgotten`,
    );
  }

  #list(input: Input): unknown {
    const prefix = optionalText(input, 'NamePrefix') ?? '';
    const source = optionalText(input, 'EventSourceArn');
    const found = [...this.#archives.values()].filter(
      ({ name, eventSourceArn }) => name.startsWith(prefix) && (source === undefined || eventSourceArn === source),
    );
    // AWS's list names no ARN.
    return page(
      found.map((archive) => ({ ...describe(archive), ArchiveArn: undefined })),
      'Archives',
      input,
    );
  }

  #archive(input: Input): KeptArchive {
    const name = requiredText(input, 'ArchiveName');
    const archive = this.#archives.get(name);
    if (!archive) throw new AwsError('ResourceNotFoundException', `Archive ${name} does not exist.`);
    return archive;
  }
}

const describe = (archive: KeptArchive) => ({
  ArchiveArn: archive.arn,
  ArchiveName: archive.name,
  EventSourceArn: archive.eventSourceArn,
  Description: archive.description,
  EventPattern: archive.eventPattern && JSON.stringify(archive.eventPattern),
  State: 'ENABLED',
  RetentionDays: archive.retentionDays,
  SizeBytes: archive.bytes,
  EventCount: archive.events.length,
  CreationTime: archive.createdAt / 1000,
});

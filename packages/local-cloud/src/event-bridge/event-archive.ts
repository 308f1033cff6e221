import type { Archive, ArchivesOptions, StoredArchive } from './archive.ts';
import { AwsError } from '../aws-error.ts';
import { type Input, optionalText, page, requiredText } from './event-bridge-input.ts';
import { EventReplays } from './event-replay.ts';
import { InvalidEventPatternError, matchesEventPattern, validateEventPattern } from './event-pattern.ts';
import { LocalCloudError } from '../local-cloud-error.ts';
import type { EventBridgeEvent } from './put-events-entry.ts';

/** The size limit of one archive, about 80,000 events. */
const maximumBytes = 64 * 1024 * 1024;

/** Archives of event buses, in memory, and their API operations. */
export class EventArchives {
  readonly operations: Record<string, (input: Input) => unknown>;
  readonly #options: ArchivesOptions;
  readonly #archives = new Map<string, StoredArchive>();
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

  /** @throws LocalCloudError when the name is in use, or EventBridge would reject the pattern */
  create(archive: Archive): { name: string; arn: string } {
    const { name, eventPattern } = archive;
    if (this.#archives.has(name)) {
      throw new LocalCloudError(`There are two event archives named ${name}: rename one of them.`);
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

  /**
   * Stores an event in the archives of the bus whose pattern it matches. Call it for new events, not for replayed ones.
   */
  store(busArn: string, event: EventBridgeEvent, body: string): void {
    for (const archive of this.#archives.values()) {
      if (archive.eventSourceArn !== busArn) continue;
      if (archive.eventPattern && !matchesEventPattern(archive.eventPattern, event)) continue;
      archive.events.push({ at: this.#options.timers.now(), body });
      archive.bytes += body.length;
      if (archive.bytes > maximumBytes) this.#deleteOldest(archive);
    }
  }

  /** Cancels the running replays. */
  close(): Promise<void> {
    return this.#replays.close();
  }

  #deleteOldest(archive: StoredArchive): void {
    // Deletes a tenth at once, so that this happens rarely.
    const deleted = archive.events.splice(0, Math.ceil(archive.events.length / 10));
    archive.bytes -= deleted.reduce((sum, { body }) => sum + body.length, 0);
    this.#options.log(`EventBridge: archive ${archive.name} is full; its oldest ${deleted.length} events are deleted`);
  }

  #list(input: Input): unknown {
    const prefix = optionalText(input, 'NamePrefix') ?? '';
    const source = optionalText(input, 'EventSourceArn');
    const found = [...this.#archives.values()].filter(
      ({ name, eventSourceArn }) => name.startsWith(prefix) && (source === undefined || eventSourceArn === source),
    );
    // On AWS, the entries of ListArchives have no ARN.
    return page(
      found.map((archive) => ({ ...describe(archive), ArchiveArn: undefined })),
      'Archives',
      input,
    );
  }

  #archive(input: Input): StoredArchive {
    const name = requiredText(input, 'ArchiveName');
    const archive = this.#archives.get(name);
    if (!archive) throw new AwsError('ResourceNotFoundException', `Archive ${name} does not exist.`);
    return archive;
  }
}

const describe = (archive: StoredArchive) => ({
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

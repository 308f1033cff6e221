import { AwsError } from '../aws-error.ts';
import { ACCOUNT_ID, REGION } from '../account.ts';
import type { EventSource, EventSourceMapping } from './event-source.ts';

/** The path of Lambda's API for event source mappings. */
export const eventSourceMappingsPath = '/2015-03-31/event-source-mappings';

/** The event source mappings of all stacks: which are enabled, and Lambda's API that says and changes it. */
export class EventSourceMappings {
  private readonly mappings: readonly EventSourceMapping[];
  private readonly start: (mapping: EventSourceMapping) => EventSource;
  private readonly drainMilliseconds: number;
  private readonly running = new Map<string, EventSource>();

  /** @param drainMilliseconds how long a mapping that is disabled waits for its batches in flight */
  constructor(
    mappings: readonly EventSourceMapping[],
    start: (mapping: EventSourceMapping) => EventSource,
    drainMilliseconds: number,
  ) {
    this.mappings = mappings;
    this.start = start;
    this.drainMilliseconds = drainMilliseconds;
    for (const mapping of mappings) if (mapping.enabled) this.running.set(mapping.id, start(mapping));
  }

  async stop(): Promise<void> {
    await Promise.all([...this.running.values()].map((source) => source.stop(this.drainMilliseconds)));
  }

  /** Answers ListEventSourceMappings, GetEventSourceMapping and UpdateEventSourceMapping. @throws AwsError */
  async request(method: string, url: URL, input: unknown): Promise<unknown> {
    const id = url.pathname.slice(eventSourceMappingsPath.length).replaceAll('/', '');
    if (method === 'GET' && id === '')
      return { EventSourceMappings: this.matching(url).map((each) => this.describe(each)) };
    const mapping = this.mappings.find((each) => each.id === id);
    if (!mapping) throw new AwsError('ResourceNotFoundException', 'The resource you requested does not exist.', 404);
    if (method === 'GET') return this.describe(mapping);
    if (method === 'PUT') return this.update(mapping, (input ?? {}) as Record<string, unknown>);
    throw new AwsError('UnknownOperationException', `The local cloud does not support ${method} ${url.pathname}.`);
  }

  private async update(mapping: EventSourceMapping, { Enabled, ...others }: Record<string, unknown>): Promise<unknown> {
    const unknown = Object.keys(others).filter((name) => name !== 'UUID');
    if (unknown.length > 0 || typeof Enabled !== 'boolean')
      throw new AwsError(
        'InvalidParameterValueException',
        'The local cloud changes only Enabled, which is true or false.',
      );
    const source = this.running.get(mapping.id);
    if (Enabled && !source) this.running.set(mapping.id, this.start(mapping));
    if (!Enabled && source) {
      this.running.delete(mapping.id);
      await source.stop(this.drainMilliseconds);
    }
    return this.describe(mapping);
  }

  private matching({ searchParams }: URL): EventSourceMapping[] {
    const [queueArn, functionName] = [searchParams.get('EventSourceArn'), searchParams.get('FunctionName')];
    return this.mappings.filter(
      (mapping) =>
        (queueArn === null || mapping.queueArn === queueArn) &&
        (functionName === null || functionName.split(':').at(-1) === mapping.functionName),
    );
  }

  private describe({ id, queueArn, functionName, batchSize }: EventSourceMapping): unknown {
    return {
      UUID: id,
      EventSourceArn: queueArn,
      FunctionArn: `arn:aws:lambda:${REGION}:${ACCOUNT_ID}:function:${functionName}`,
      BatchSize: batchSize,
      State: this.running.has(id) ? 'Enabled' : 'Disabled',
    };
  }
}

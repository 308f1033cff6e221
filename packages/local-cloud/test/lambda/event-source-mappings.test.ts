import { describe, expect, test } from '@jest/globals';
import type { EventSourceMapping } from '../../src/lambda/event-source.ts';
import { EventSourceMappings, eventSourceMappingsPath } from '../../src/lambda/event-source-mappings.ts';

const mapping = (id: string, enabled = true): EventSourceMapping => ({
  id,
  enabled,
  queueArn: `arn:aws:sqs:us-east-1:000000000000:${id}`,
  queueUrl: `http://localhost/${id}`,
  functionName: `${id}-consumer`,
  batchSize: 10,
  batchingWindowSeconds: 0,
  reportsBatchItemFailures: true,
});

function setUp() {
  const polling = new Set<string>();
  const start = ({ id }: EventSourceMapping) => {
    polling.add(id);
    return { stop: () => Promise.resolve(void polling.delete(id)) };
  };
  const mappings = new EventSourceMappings([mapping('seats'), mapping('status', false)], start, 1000);
  const ask = (method: string, path = '', input?: unknown) =>
    mappings.request(method, new URL(`http://localhost${eventSourceMappingsPath}${path}`), input);
  return { mappings, polling, ask };
}

describe('the event source mappings', () => {
  test('poll from the start if they are enabled, and no more after the stop', async () => {
    const { mappings, polling } = setUp();
    expect([...polling]).toEqual(['seats']);
    await mappings.stop();
    expect([...polling]).toEqual([]);
  });

  test('are listed, all or those of a queue or of a function', async () => {
    const { ask } = setUp();
    const ids = async (query: string): Promise<string[]> =>
      ((await ask('GET', query)) as { EventSourceMappings: { UUID: string }[] }).EventSourceMappings.map(
        ({ UUID }) => UUID,
      );
    expect(await ids('/')).toEqual(['seats', 'status']);
    expect(await ids('/?EventSourceArn=arn:aws:sqs:us-east-1:000000000000:status')).toEqual(['status']);
    expect(await ids('/?FunctionName=arn:aws:lambda:us-east-1:000000000000:function:seats-consumer')).toEqual([
      'seats',
    ]);
    expect(await ask('GET', '/status')).toMatchObject({ UUID: 'status', State: 'Disabled' });
  });

  test('can be disabled and enabled, twice as well as once', async () => {
    const { ask, polling } = setUp();
    for (const Enabled of [false, false])
      expect(await ask('PUT', '/seats', { Enabled })).toMatchObject({ State: 'Disabled' });
    expect([...polling]).toEqual([]);
    for (const Enabled of [true, true])
      expect(await ask('PUT', '/seats', { Enabled })).toMatchObject({ State: 'Enabled' });
    expect([...polling]).toEqual(['seats']);
  });

  test.each([
    ['GET', '/nobody', undefined, 'ResourceNotFoundException'],
    ['DELETE', '/seats', undefined, 'UnknownOperationException'],
    ['PUT', '/seats', { Enabled: true, BatchSize: 1 }, 'InvalidParameterValueException'],
    ['PUT', '/seats', {}, 'InvalidParameterValueException'],
  ])('%s %s %j is refused', async (method, path, input, code) => {
    await expect(setUp().ask(method, path, input)).rejects.toMatchObject({ code });
  });
});

import { describe, expect, test } from '@jest/globals';
import { Parameters } from '../../src/ssm/parameters.ts';

function setUp() {
  const parameters = new Parameters();
  parameters.put('/airline/bus/name', 'airline');
  parameters.put('/airline/bus/arn', 'arn:bus');
  parameters.put('/airline/stage', 'local');
  parameters.put('/airline/stripe-key', 'sk_test', 'SecureString');
  parameters.put('plain', '1');
  return parameters;
}

const names = (answer: unknown) => (answer as { Parameters: { Name: string }[] }).Parameters.map(({ Name }) => Name);

describe('GetParameter', () => {
  test('returns the newest version, by name, version or ARN', async () => {
    const parameters = setUp();
    parameters.put('/airline/stage', 'beta');
    const expected = { Name: '/airline/stage', Value: 'beta', Type: 'String', Version: 2, DataType: 'text' };
    const ARN = 'arn:aws:ssm:us-east-1:000000000000:parameter/airline/stage';
    for (const Name of ['/airline/stage', '/airline/stage:2', ARN]) {
      await expect(parameters.request('GetParameter', { Name })).resolves.toMatchObject({
        Parameter: { ...expected, ARN },
      });
    }
    const Name = 'arn:aws:ssm:us-east-1:000000000000:parameter/plain';
    await expect(parameters.request('GetParameter', { Name })).resolves.toMatchObject({
      Parameter: { Value: '1', ARN: Name },
    });
    expect(parameters.get('/airline/stage')).toBe('beta');
  });

  test('throws for an unknown name, and for an unknown version', async () => {
    const parameters = setUp();
    for (const Name of ['/nowhere', '/airline/stage:7', '/plain']) {
      await expect(parameters.request('GetParameter', { Name })).rejects.toMatchObject({ code: 'ParameterNotFound' });
    }
  });

  test('returns a secure string in plain text only with WithDecryption', async () => {
    const parameters = setUp();
    const read = (input: object) => parameters.request('GetParameter', { Name: '/airline/stripe-key', ...input });
    await expect(read({ WithDecryption: true })).resolves.toMatchObject({ Parameter: { Value: 'sk_test' } });
    await expect(read({})).resolves.toMatchObject({ Parameter: { Value: expect.not.stringContaining('sk_test') } });
  });
});

describe('PutParameter', () => {
  test('creates a parameter, and overwrites one only with Overwrite', async () => {
    const parameters = setUp();
    const put = (input: object) => parameters.request('PutParameter', { Name: '/new', Value: 'a', ...input });
    await expect(put({})).rejects.toThrow('A parameter type is required when you create a parameter.');
    await expect(put({ Type: 'Text' })).rejects.toThrow('Member must satisfy enum value set');
    await expect(put({ Type: 'String' })).resolves.toEqual({ Version: 1, Tier: 'Standard' });
    await expect(put({ Type: 'String', Value: 'b' })).rejects.toMatchObject({ code: 'ParameterAlreadyExists' });
    expect(parameters.get('/new')).toBe('a');
    await expect(put({ Overwrite: true, Value: 'c' })).resolves.toEqual({ Version: 2, Tier: 'Standard' });
    expect(parameters.get('/new')).toBe('c');
  });
});

describe('many parameters', () => {
  test('by name: the existing ones, and the names of the others', async () => {
    const answer = await setUp().request('GetParameters', { Names: ['plain', '/nowhere'] });
    expect(answer).toMatchObject({ Parameters: [{ Name: 'plain', Value: '1' }], InvalidParameters: ['/nowhere'] });
  });

  test('by path: one level, or all levels below', async () => {
    const parameters = setUp();
    const byPath = async (input: object) => names(await parameters.request('GetParametersByPath', input));
    expect(await byPath({ Path: '/airline' })).toEqual(['/airline/stage', '/airline/stripe-key']);
    expect(await byPath({ Path: '/airline/bus/' })).toEqual(['/airline/bus/arn', '/airline/bus/name']);
    expect(await byPath({ Path: '/airline', Recursive: true })).toHaveLength(4);
    await expect(byPath({ Path: 'airline' })).rejects.toThrow('must begin with a forward slash');
  });

  test('by path, page by page', async () => {
    const parameters = setUp();
    const seen: string[] = [];
    let NextToken: string | undefined;
    do {
      const input = { Path: '/', Recursive: true, MaxResults: 3, NextToken };
      const answer = (await parameters.request('GetParametersByPath', input)) as { NextToken?: string };
      seen.push(...names(answer));
      NextToken = answer.NextToken;
    } while (NextToken !== undefined);
    expect(seen).toEqual(['/airline/bus/arn', '/airline/bus/name', '/airline/stage', '/airline/stripe-key']);
  });

  test('DescribeParameters filters them, and returns no values', async () => {
    const parameters = setUp();
    const describeThem = (...ParameterFilters: object[]) =>
      parameters.request('DescribeParameters', { ParameterFilters });
    expect(names(await describeThem())).toHaveLength(5);
    expect(names(await describeThem({ Key: 'Name', Option: 'BeginsWith', Values: ['/airline/bus'] }))).toHaveLength(2);
    expect(names(await describeThem({ Key: 'Path', Option: 'Recursive', Values: ['/airline'] }))).toHaveLength(4);
    const secure = await describeThem({ Key: 'Type', Values: ['SecureString'] });
    expect(secure).toMatchObject({ Parameters: [{ Name: '/airline/stripe-key', Tier: 'Standard' }] });
    expect(JSON.stringify(secure)).not.toContain('Value');
    await expect(describeThem({ Key: 'tag:team', Values: ['x'] })).rejects.toMatchObject({ code: 'InvalidFilterKey' });
  });

  test('an unsupported operation is an error that names it', async () => {
    await expect(setUp().request('DeleteParameter', {})).rejects.toMatchObject({
      code: 'UnknownOperationException',
      message: expect.stringContaining('DeleteParameter'),
    });
  });
});

import { ParameterNotFound, type SSMClient } from '@aws-sdk/client-ssm';
import { expect, test } from '@jest/globals';
import { createSecureParameter } from '../src/secure-parameter.ts';

/** Parameter store with one secret, which may not be there yet. */
function store(secrets: Record<string, string>): { client: Pick<SSMClient, 'send'>; reads: unknown[] } {
  const reads: unknown[] = [];
  const send = ({ input }: { input: { Name: string; WithDecryption?: boolean } }): Promise<unknown> => {
    reads.push(input);
    const Value = secrets[input.Name];
    if (Value === undefined) return Promise.reject(new ParameterNotFound({ message: 'UnknownError', $metadata: {} }));
    return Promise.resolve({ Parameter: { Value: input.WithDecryption ? Value : 'encrypted' } });
  };
  return { client: { send } as Pick<SSMClient, 'send'>, reads };
}

test('is read decrypted, when it is first needed, and once', async () => {
  const { client, reads } = store({ '/airline/payments/stripe-api-key': 'sk_test' });
  const read = createSecureParameter(client, '/airline/payments/stripe-api-key');
  expect(reads).toHaveLength(0);
  expect([await read(), await read()]).toEqual(['sk_test', 'sk_test']);
  expect(reads).toHaveLength(1);
});

test('that is missing is named, and looked for again', async () => {
  const secrets: Record<string, string> = {};
  const read = createSecureParameter(store(secrets).client, '/airline/payments/stripe-api-key');
  await expect(read()).rejects.toThrow('There is no SSM parameter /airline/payments/stripe-api-key');
  secrets['/airline/payments/stripe-api-key'] = 'sk_test';
  expect(await read()).toBe('sk_test');
});

import { GetParameterCommand, ParameterNotFound, SSMClient, SSMServiceException } from '@aws-sdk/client-ssm';
import { expect, test } from '@jest/globals';
import { mockClient } from 'aws-sdk-client-mock';
import { createSecureParameter } from '../src/secure-parameter.ts';

const name = '/airline/payments/stripe-api-key';

/** An SSM client that is mocked, and the function that reads the parameter with it. */
function parameterStore() {
  const client = new SSMClient();
  return { ssm: mockClient(client), read: createSecureParameter(client, name) };
}

const found = { Parameter: { Value: 'sk_test' } };

function serviceError(errorName: string, message: string): SSMServiceException {
  return new SSMServiceException({ name: errorName, message, $fault: 'client', $metadata: {} });
}

test('is read decrypted, and anew by each call, since it may have been replaced', async () => {
  const { ssm, read } = parameterStore();
  ssm
    .on(GetParameterCommand, { Name: name, WithDecryption: true })
    .resolvesOnce(found)
    .resolves({ Parameter: { Value: 'sk_new' } });
  expect(ssm.calls()).toHaveLength(0);
  expect([await read(), await read()]).toEqual(['sk_test', 'sk_new']);
});

test('that is missing has its name in the error, and is read again by the next call', async () => {
  const { ssm, read } = parameterStore();
  const missing = new ParameterNotFound({ message: 'UnknownError', $metadata: {} });
  ssm.on(GetParameterCommand).rejectsOnce(missing).resolves(found);
  await expect(read()).rejects.toMatchObject({
    message: `There is no SSM parameter ${name}; put the secret there as a SecureString.`,
    cause: missing,
  });
  expect(await read()).toBe('sk_test');
});

test.each([
  ['throttled', serviceError('ThrottlingException', 'Rate exceeded')],
  ['refused for lack of permission', serviceError('AccessDeniedException', 'not authorized')],
  ['cut off', new Error('socket hang up')],
])('whose read is %s throws the error unchanged, and is read again by the next call', async (_, error) => {
  const { ssm, read } = parameterStore();
  ssm.on(GetParameterCommand).rejectsOnce(error).resolves(found);
  await expect(read()).rejects.toBe(error);
  expect(await read()).toBe('sk_test');
  expect(ssm.calls()).toHaveLength(2);
});

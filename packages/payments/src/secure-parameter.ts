import { GetParameterCommand, ParameterNotFound, type SSMClient } from '@aws-sdk/client-ssm';

/**
 * Reads a SecureString parameter at each call. The caller keeps the value, and knows when it is out of date.
 * @throws Error that names the parameter when it does not exist
 */
export function createSecureParameter(client: Pick<SSMClient, 'send'>, name: string): () => Promise<string> {
  return async () => {
    try {
      const { Parameter } = await client.send(new GetParameterCommand({ Name: name, WithDecryption: true }));
      return Parameter!.Value!;
    } catch (error) {
      if (!(error instanceof ParameterNotFound)) throw error;
      // The message of AWS does not name the parameter.
      throw new Error(`There is no SSM parameter ${name}; put the secret there as a SecureString.`, { cause: error });
    }
  };
}

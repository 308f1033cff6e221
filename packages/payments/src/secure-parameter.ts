import { GetParameterCommand, ParameterNotFound, type SSMClient } from '@aws-sdk/client-ssm';

/**
 * Reads a SecureString parameter when it is first needed, and keeps its value while the function is warm. A failed read
 * is not kept: the next call reads again.
 * @throws Error that names the parameter when it does not exist
 */
export function createSecureParameter(client: Pick<SSMClient, 'send'>, name: string): () => Promise<string> {
  let value: string | undefined;
  return async () => {
    if (value !== undefined) return value;
    try {
      const { Parameter } = await client.send(new GetParameterCommand({ Name: name, WithDecryption: true }));
      return (value = Parameter!.Value!);
    } catch (error) {
      if (!(error instanceof ParameterNotFound)) throw error;
      // The message of AWS does not name the parameter.
      throw new Error(`There is no SSM parameter ${name}; put the secret there as a SecureString.`, { cause: error });
    }
  };
}

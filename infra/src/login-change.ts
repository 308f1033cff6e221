import { GetParameterCommand, ParameterNotFound, SSMClient } from '@aws-sdk/client-ssm';
import { readStacks } from './leftovers.ts';
import { assumeLookupRole } from './lookup-role.ts';
import { noAuthorizer } from './names.ts';

/**
 * Says whether a deployment of this assembly would make bookings public that require a login now: its platform has no
 * authorizer, but the parameter with the authorizer's id names one. The services' routes use what the parameter names,
 * so an operator who follows the documented order has set it to `none` before. It reads as the CDK's lookup role, like
 * findLeftovers.
 * @returns the name of that parameter, or `undefined` if the login stays as it is
 * @throws the error of SSM if the parameter cannot be read
 */
export async function findLoginThatEnds(assembly: string): Promise<string | undefined> {
  for (const { template, lookupRole } of readStacks(assembly)) {
    const names = Object.values(template.Resources ?? {})
      .filter(({ Type, Properties }) => Type === 'AWS::SSM::Parameter' && Properties?.Value === noAuthorizer)
      .map(({ Properties }) => String(Properties!.Name))
      .filter((name) => name.endsWith('/api/authorizer-id'));
    if (names.length === 0) continue;
    const ssm = new SSMClient(await assumeLookupRole(lookupRole, console.warn));
    try {
      for (const name of names) if ((await deployedValue(ssm, name)) !== noAuthorizer) return name;
    } finally {
      ssm.destroy();
    }
  }
  return undefined;
}

/** What an operator has to know and to do before the login ends. @param parameter that holds the authorizer's id */
export function describeLoginThatEnds(parameter: string): string {
  return [
    'WARNING: This deployment switches the login of customers off. Then whoever knows the id of a booking can see and',
    'cancel it. The routes of bookings and status still use the authorizer, and API Gateway does not delete an authorizer',
    'that a route uses. So the order is:',
    `  1. aws ssm put-parameter --overwrite --name ${parameter} --value ${noAuthorizer}`,
    '  2. Deploy bookings and status.',
    '  3. Deploy the platform with -c login=off.',
  ].join('\n');
}

/** The value of the parameter; `none` if it does not exist, because then no route exists either. */
async function deployedValue(ssm: SSMClient, Name: string): Promise<string> {
  try {
    const { Parameter } = await ssm.send(new GetParameterCommand({ Name }));
    return Parameter!.Value!;
  } catch (error) {
    if (error instanceof ParameterNotFound) return noAuthorizer;
    throw error;
  }
}

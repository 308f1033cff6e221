/**
 * What the `aws` command does with the operations of infra/first-day.md: `aws SERVICE OPERATION --name value …`. An
 * operation and its options are named as in the API, so the clients of the SDK know them.
 */
import { readFileSync } from 'node:fs';

interface Client {
  send(command: unknown): Promise<Record<string, unknown>>;
}

const [service, operation, ...given] = process.argv.slice(2) as [string, string, ...string[]];
const pascal = (text: string): string =>
  text.replaceAll(/(?:^|-)([a-z])/g, (_, letter: string) => letter.toUpperCase());

const options = new Map<string, string | string[] | boolean>();
for (let index = 0; index < given.length; index += 1) {
  const name = given[index]!;
  if (!name.startsWith('--')) throw new Error(`aws ${service} ${operation}: ${name} is no option`);
  const values: string[] = [];
  while (given[index + 1]?.startsWith('--') === false) values.push(given[(index += 1)]!);
  if (values.length > 0) options.set(pascal(name.slice(2)), values.length > 1 ? values : values[0]!);
  else if (name.startsWith('--no-')) options.set(pascal(name.slice('--no-'.length)), false);
  else options.set(pascal(name.slice(2)), true);
}
const query = options.get('Query');
options.delete('Query');
options.delete('Output');

const sdk = (await import(`@aws-sdk/client-${service}`)) as Record<string, unknown>;
const client = clientOf(sdk);
if (service === 'cloudformation' && operation === 'deploy') await createStack();
else {
  const answer = await client.send(commandOf(operation, Object.fromEntries(options)));
  if (typeof query === 'string') {
    const value = query.split('.').reduce<unknown>((part, key) => (part as Record<string, unknown>)[key], answer);
    console.log(typeof value === 'boolean' ? pascal(String(value)) : value);
  }
}

function clientOf(from: Record<string, unknown>): Client {
  const name = Object.keys(from).find((key) => /^[A-Za-z0-9]+Client$/.test(key) && !key.startsWith('_'));
  return new (from[name!] as new () => Client)();
}

/** @throws Error if the service has no such operation, or the operation no such option */
function commandOf(name: string, input: Record<string, unknown>): unknown {
  const schema = sdk[`${pascal(name)}Request$`] ?? sdk[`${pascal(name)}Input$`];
  if (!Array.isArray(schema)) throw new Error(`${service} has no operation ${name}`);
  // A schema of the SDK: its kind, namespace, name, traits, and then the names of its members.
  const members = schema[4] as string[];
  const named = Object.entries(input).map(([option, value]) => {
    // `--website-url` is WebsiteURL.
    const member = members.find((each) => each.toLowerCase() === option.toLowerCase());
    if (member === undefined) throw new Error(`aws ${service} ${name} has no option for ${option}`);
    return [member, value];
  });
  return new (sdk[`${pascal(name)}Command`] as new (input: unknown) => unknown)(Object.fromEntries(named));
}

/** `aws cloudformation deploy` is the command's own. */
async function createStack(): Promise<void> {
  const StackName = options.get('StackName');
  await client.send(
    commandOf('create-stack', {
      StackName,
      TemplateBody: readFileSync(String(options.get('TemplateFile')), 'utf8'),
      Capabilities: [options.get('Capabilities')],
      Parameters: [options.get('ParameterOverrides')].flat().map((each) => {
        const [ParameterKey, ParameterValue] = String(each).split('=');
        return { ParameterKey, ParameterValue };
      }),
    }),
  );
  const wait = sdk.waitUntilStackCreateComplete as (how: unknown, what: unknown) => Promise<unknown>;
  await wait({ client, minDelay: 1, maxDelay: 1, maxWaitTime: 60 }, { StackName });
}

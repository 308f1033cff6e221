import { spawn } from 'node:child_process';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { createPaymentProvider } from '@airline/local-cloud/payment-provider/payment-provider';
import { CreateEmailIdentityCommand, SESv2Client } from '@aws-sdk/client-sesv2';
import { GetParameterCommand, PutParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import { runCommand } from '../run-command.ts';
import { isoDay } from '../schedule.ts';
import { type AirlinePlace, plainEnvironment } from '../test/airline-place.ts';
import { startEmulator } from './emulator.ts';

interface EmulatedAirline extends AirlinePlace {
  /** `pnpm run deploy` with the context that this airline was deployed with, and options besides. */
  deploy(...options: string[]): Promise<void>;
  /** Runs the CDK's own command in a package, e.g. `cdk('packages/seats', 'destroy', …)`. */
  cdk(folder: string, ...parameters: string[]): Promise<void>;
}

interface SentMail {
  To: string[];
  Subject: string;
  BodyText: string | null;
  BodyHtml: string | null;
}

const root = path.join(import.meta.dirname, '..', '..');
const region = 'us-east-1';
const accountId = '000000000000';
const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
let started = 0;

/**
 * Deploys every stack on an emulator of its own, as one deploys to an account that was never used: bootstrap, what an operator
 * does once by hand, `pnpm run deploy`, flights. Stripe is no part of AWS: its stand-in runs in this process.
 */
export async function startOnEmulator(context: Record<string, unknown> = {}): Promise<EmulatedAirline> {
  const log = path.join(root, '.conformance', 'logs', `emulator-${process.pid}-${++started}.log`);
  const emulator = await startEmulator(process.env.CONFORMANCE_PYTHON_ENVIRONMENT!, log);
  const provider = await startPaymentProvider();
  const stop = async (): Promise<number | null> => {
    provider.server.closeAllConnections();
    provider.server.close();
    return emulator.stop();
  };
  try {
    const { endpoint } = emulator;
    const environment = {
      ...plainEnvironment(),
      AWS_ENDPOINT_URL: endpoint,
      AWS_ACCESS_KEY_ID: credentials.accessKeyId,
      AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
      AWS_REGION: region,
      AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',
      STRIPE_API_URL: provider.url,
      // A gate of its own: ten seconds a stack.
      CDK_VALIDATION: 'false',
    };
    const contextOptions = Object.entries({ emulator: true, stripeApiUrl: provider.url, ...context }).flatMap(([name, value]) => [
      '-c',
      `${name}=${String(value)}`,
    ]);
    const clientConfig = { endpoint, region, credentials };
    const cdk: EmulatedAirline['cdk'] = (folder, ...parameters) =>
      finish(path.join(root, folder, 'node_modules', '.bin', 'cdk'), parameters, path.join(root, folder), environment);
    const deploy: EmulatedAirline['deploy'] = (...options) =>
      finish(
        process.execPath,
        ['--import', 'tsx', path.join(root, 'scripts', 'deploy.ts'), ...contextOptions, '--require-approval', 'never', ...options],
        root,
        environment,
      );

    await Promise.all([cdk('infra', 'bootstrap', `aws://${accountId}/${region}`), prepareAccount(clientConfig)]);
    await deploy();
    const sample = path.join(root, 'scripts', 'sample-flights.json');
    const tomorrow = isoDay(Date.now() + 24 * 3600 * 1000);
    const loaded = await runCommand(environment, 'flights', 'load', sample, '--first-day', tomorrow, '--target', 'aws');
    if (loaded.code !== 0) throw new Error(`The flights could not be loaded: ${loaded.stderr}`);

    const ssm = new SSMClient(clientConfig);
    const { Parameter } = await ssm.send(new GetParameterCommand({ Name: '/airline/api/url' }));
    ssm.destroy();
    return {
      target: 'aws',
      environment,
      clientConfig,
      frontDoor: Parameter!.Value!,
      paymentProvider: provider.url,
      deploy,
      cdk,
      stop,
      async mails() {
        // MiniStack's window on what SES sent.
        const response = await fetch(`${endpoint}/_ministack/ses/messages?account=${accountId}`);
        const { messages } = (await response.json()) as { messages: Record<string, SentMail[]> };
        return (messages[accountId] ?? []).map(({ To, Subject, BodyText, BodyHtml }) => ({
          to: To,
          subject: Subject,
          text: BodyText ?? '',
          html: BodyHtml ?? '',
        }));
      },
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** What CloudFormation cannot do, and an operator does once: the provider's key, and the proof that the sender's address is ours. */
async function prepareAccount(clientConfig: AirlinePlace['clientConfig']): Promise<void> {
  const ssm = new SSMClient(clientConfig);
  const ses = new SESv2Client(clientConfig);
  await ssm.send(
    new PutParameterCommand({ Name: '/airline/payments/stripe-api-key', Type: 'SecureString', Value: 'sk_test_conformance' }),
  );
  await ses.send(new CreateEmailIdentityCommand({ EmailIdentity: 'airline.example' }));
  ssm.destroy();
  ses.destroy();
}

async function startPaymentProvider(): Promise<{ server: Server; url: string }> {
  const { handle } = createPaymentProvider();
  const server = createServer(handle);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { server, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

/** Runs a program to its end. @throws Error with its output when it fails */
async function finish(program: string, parameters: string[], cwd: string, env: NodeJS.ProcessEnv): Promise<void> {
  const child = spawn(program, parameters, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const code = await new Promise<number | null>((resolve, reject) => child.once('error', reject).once('close', resolve));
  if (code !== 0) throw new Error(`${[path.basename(program), ...parameters].join(' ')} ended with ${code}:\n${output}`);
}

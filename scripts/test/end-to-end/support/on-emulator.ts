import { spawn } from 'node:child_process';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { createPaymentProvider } from '@airline/local-cloud/payment-provider/payment-provider';
import { CreateEmailIdentityCommand, SESv2Client } from '@aws-sdk/client-sesv2';
import { GetParameterCommand, PutParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import { runCommand } from '../../../cli/run-command.ts';
import { withLogin } from '../../../airline/cdk-apps.ts';
import { isoDay } from '../../../cli/format.ts';
import { type AirlinePlace, plainEnvironment } from './airline-place.ts';
import { createPipelineRoles, pipelineEnvironment } from './pipeline-roles.ts';
import { startEmulator } from '../../../conformance/emulator.ts';
import { conformanceState, trust } from '../../../conformance/state.ts';
import { commandArguments, workspaceRoot } from '../../../cli/workspace.ts';

export interface EmulatedAirline extends AirlinePlace {
  /**
   * Runs `pnpm run deploy` in one package, with the context that this airline was deployed with, and as the role of a
   * pipeline.
   * @param folder of the package, e.g. `packages/seats`
   * @param context further context values
   * @param onOutput gets the output of the deployment
   */
  deploy(folder: string, context?: Record<string, unknown>, onOutput?: (text: string) => void): Promise<void>;
  /** Runs `cdk destroy` in one package, as the role of a pipeline. */
  destroy(folder: string): Promise<void>;
  /**
   * Runs `pnpm run diff` in one package as the pipeline's role for that.
   * @returns its output
   */
  diff(folder: string): Promise<string>;
  /** The file with the output of the emulator and of the functions. */
  log: string;
}

interface SentMail {
  To: string[];
  Subject: string;
  BodyText: string | null;
  BodyHtml: string | null;
}

const region = 'us-east-1';
const accountId = '000000000000';
const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };

/**
 * Starts an emulator and deploys every stack to it, as to a new account: bootstrap, the manual steps of an operator,
 * the pipelines' roles, `pnpm run deploy` as such a role, flights. Stripe is not part of AWS, so its stand-in runs in
 * this process.
 * @param name of the log file
 */
export async function startOnEmulator(name: string, context: Record<string, unknown> = {}): Promise<EmulatedAirline> {
  const log = path.join(conformanceState.logs, `${name}.log`);
  const emulator = await startEmulator(log);
  const provider = await startPaymentProvider();
  const stop = async (): Promise<number | null> => {
    provider.server.closeAllConnections();
    provider.server.close();
    return emulator.stop();
  };
  try {
    const { endpoint } = emulator;
    const withoutCredentials = {
      ...plainEnvironment(),
      ...trust,
      AWS_ENDPOINT_URL: endpoint,
      AWS_REGION: region,
      AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',
      STRIPE_API_URL: provider.url,
      // The CDK's rules take ten seconds for each stack, and have their own gate.
      CDK_VALIDATION: 'false',
    };
    const environment = {
      ...withoutCredentials,
      AWS_ACCESS_KEY_ID: credentials.accessKeyId,
      AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
    };
    const inPipeline = (role: 'diff' | 'production'): NodeJS.ProcessEnv => ({
      ...withoutCredentials,
      ...pipelineEnvironment(role, path.join(conformanceState.logs, `${name}-${role}.token`), { accountId }),
    });
    // MiniStack runs each concurrent invocation in a process. With 20 for each service, two cores are too busy, and
    // invocations time out.
    const values = withLogin({ emulator: true, stripeApiUrl: provider.url, consumerConcurrency: 2, ...context });
    const contextWith = (besides: Record<string, unknown> = {}): string[] =>
      Object.entries({ ...values, ...besides }).flatMap(([name, value]) => ['-c', `${name}=${String(value)}`]);
    const optionsWith = (besides?: Record<string, unknown>): string[] => [
      ...contextWith(besides),
      '--require-approval',
      'never',
    ];
    const clientConfig = { endpoint, region, credentials };
    const runIn = (
      folder: string,
      program: string,
      parameters: string[],
      credentials: NodeJS.ProcessEnv,
      onOutput?: (text: string) => void,
    ): Promise<void> => {
      const cwd = path.join(workspaceRoot, folder);
      const binaries = path.join(cwd, 'node_modules', '.bin');
      const PATH = `${binaries}${path.delimiter}${process.env.PATH}`;
      return finish(path.join(binaries, program), parameters, { cwd, env: { ...credentials, PATH } }, onOutput);
    };

    await Promise.all([
      runIn('infra', 'cdk', ['bootstrap', `aws://${accountId}/${region}`], environment),
      prepareAccount(clientConfig),
      createPipelineRoles(clientConfig),
    ]);
    await finish(process.execPath, commandArguments('deploy', ...optionsWith()), {
      cwd: workspaceRoot,
      env: inPipeline('production'),
    });
    const sample = path.join(workspaceRoot, 'scripts', 'airline', 'sample-flights.json');
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
      log,
      deploy: (folder, besides, onOutput) =>
        runIn(
          folder,
          'tsx',
          [path.join(workspaceRoot, 'infra', 'deploy.ts'), 'infra/app.ts', ...optionsWith(besides)],
          inPipeline('production'),
          onOutput,
        ),
      destroy: (folder) =>
        runIn(folder, 'cdk', ['destroy', '--all', '--app', 'cdk.out', '--force'], inPipeline('production')),
      diff: async (folder) => {
        let output = '';
        const parameters = ['diff', '--app', 'tsx infra/app.ts', '--method', 'template', ...contextWith()];
        await runIn(folder, 'cdk', parameters, inPipeline('diff'), (text) => (output += text));
        return output;
      },
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

/** Does what CloudFormation cannot: stores the payment provider's keys, and verifies the sender's domain. */
async function prepareAccount(clientConfig: AirlinePlace['clientConfig']): Promise<void> {
  const ssm = new SSMClient(clientConfig);
  const ses = new SESv2Client(clientConfig);
  for (const name of ['stripe-api-key', 'stripe-read-key']) {
    const parameter = {
      Name: `/airline/payments/${name}`,
      Type: 'SecureString',
      Value: 'sk_test_conformance',
    } as const;
    await ssm.send(new PutParameterCommand(parameter));
  }
  await ses.send(new CreateEmailIdentityCommand({ EmailIdentity: 'airline.example' }));
  ssm.destroy();
  ses.destroy();
}

export async function startPaymentProvider(): Promise<{ server: Server; url: string }> {
  const { handle } = createPaymentProvider();
  const server = createServer(handle);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { server, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

/** Runs a program to its end. @throws Error with its output when it fails */
async function finish(
  program: string,
  parameters: string[],
  options: { cwd: string; env: NodeJS.ProcessEnv },
  onOutput: (text: string) => void = () => {},
): Promise<void> {
  const child = spawn(program, parameters, { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
      onOutput(text);
    });
  }
  const code = await new Promise<number | null>((resolve, reject) =>
    child.once('error', reject).once('close', resolve),
  );
  if (code !== 0)
    throw new Error(`${[path.basename(program), ...parameters].join(' ')} ended with ${code}:\n${output}`);
}

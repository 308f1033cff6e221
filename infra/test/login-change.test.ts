/** `pnpm run deploy` in a package, with a CDK and an AWS of this test, which holds or does not hold the parameter. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { App } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { spawn } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { PlatformStack } from '../src/platform-stack.ts';

// A limit for what hangs: each deployment is a process of its own.
jest.setTimeout(300_000);

const off = { login: 'off' };
const on = { jwtIssuer: 'https://login.airline.example', jwtAudience: 'airline' };

/** The authorizer's id on AWS; `undefined` if there is no such parameter, `denied` if it may not be read. */
let deployed: string | undefined;
const server = createServer((request, response) => {
  if (request.headers['x-amz-target'] === 'AmazonSSM.GetParameter') {
    response.setHeader('content-type', 'application/x-amz-json-1.1');
    if (deployed === undefined) response.writeHead(400).end('{"__type":"ParameterNotFound"}');
    else if (deployed === 'denied')
      response.writeHead(400).end('{"__type":"AccessDeniedException","Message":"may not ssm:GetParameter"}');
    else response.end(JSON.stringify({ Parameter: { Value: deployed } }));
  } else {
    response
      .setHeader('content-type', 'text/xml')
      .end(
        '<DescribeStacksResponse><DescribeStacksResult><Stacks><member><StackName>airline-platform</StackName>' +
          '<StackStatus>UPDATE_COMPLETE</StackStatus></member></Stacks></DescribeStacksResult></DescribeStacksResponse>',
      );
  }
});
let folder: string;

beforeAll(() => new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve)));
afterAll(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});
beforeEach(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'login-change-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** Runs deploy.ts for a platform with this context. Its `cdk` copies the templates, and notes a deployment. */
async function deploy(context: Record<string, unknown>, options: string[]) {
  const prepared = path.join(folder, 'prepared');
  mkdirSync(prepared);
  const template = Template.fromStack(new PlatformStack(new App({ context }), 'airline-platform')).toJSON();
  const artifact = { type: 'aws:cloudformation:stack', properties: { templateFile: 'platform.json' } };
  writeFileSync(path.join(prepared, 'manifest.json'), JSON.stringify({ artifacts: { 'airline-platform': artifact } }));
  writeFileSync(path.join(prepared, 'platform.json'), JSON.stringify(template));
  const cdk = path.join(folder, 'cdk');
  writeFileSync(cdk, '#!/bin/sh\ncase $1 in synth) cp -r prepared cdk.out;; deploy) echo "$*" > deployed;; esac\n');
  chmodSync(cdk, 0o755);

  const tsx = pathToFileURL(createRequire(__filename).resolve('tsx/esm')).href;
  const entry = path.join(import.meta.dirname, '..', 'deploy.ts');
  const child = spawn(process.execPath, ['--import', tsx, entry, 'app.ts', ...options], {
    cwd: folder,
    env: {
      ...process.env,
      PATH: `${folder}${path.delimiter}${process.env.PATH}`,
      AWS_ENDPOINT_URL: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
      AWS_REGION: 'eu-west-1',
      AWS_ACCESS_KEY_ID: 'test',
      AWS_SECRET_ACCESS_KEY: 'test',
    },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let errors = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (errors += text));
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  return { code, errors, isDeployed: existsSync(path.join(folder, 'deployed')) };
}

describe('a deployment of the platform', () => {
  test.each<[string, string | undefined, Record<string, unknown>, string[]]>([
    ['without a login, to an account without an airline', undefined, off, []],
    ['without a login, where there is none', 'none', off, []],
    ['with a login, where there is one', 'abc123', on, []],
    ['with a login, where there is none', 'none', on, []],
  ])('%s is silent', async (_, given, context, options) => {
    deployed = given;
    expect(await deploy(context, options)).toEqual({ code: 0, errors: '', isDeployed: true });
  });

  test('that would end the login, because a stored context says so, is refused with the order', async () => {
    deployed = 'abc123';
    const { code, errors, isDeployed } = await deploy(off, ['-c', 'alarmEmail=ops@airline.example']);
    expect({ code, isDeployed }).toEqual({ code: 1, isDeployed: false });
    expect(errors).toContain('WARNING: This deployment switches the login of customers off.');
    expect(errors).toMatch(/1\. aws ssm put-parameter .*--name \/airline\/api\/authorizer-id --value none\n *2\. .*\n/);
    expect(errors).toContain('Nothing was deployed: login=off comes from a stored context.');
  });

  test.each([
    [['-c', 'login=off']],
    [['--context', 'login=off']],
    [['--context=login=off', '--require-approval=never']],
  ])('that ends the login because someone typed it, %j, warns and goes on', async (options) => {
    deployed = 'abc123';
    const { code, errors, isDeployed } = await deploy(off, options);
    expect({ code, isDeployed }).toEqual({ code: 0, isDeployed: true });
    expect(errors).toContain('WARNING: This deployment switches the login of customers off.');
    expect(readFileSync(path.join(folder, 'deployed'), 'utf8')).toContain('login=off');
  });

  test('that cannot find out whether it would end the login stops', async () => {
    deployed = 'denied';
    expect(await deploy(off, [])).toEqual({ code: 1, errors: 'may not ssm:GetParameter\n', isDeployed: false });
  });
});

import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { App, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { EventBus } from 'aws-cdk-lib/aws-events';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { EventConsumer } from '../src/event-consumer.ts';
import { findLeftovers, retainedNamedResources } from '../src/leftovers.ts';
import { ServiceTable } from '../src/service-table.ts';

describe('the resources that a removed stack leaves behind', () => {
  test('are its table and its queues, each with a fixed name', () => {
    const stack = new Stack(new App(), 'catering');
    new ServiceTable(stack, 'Table', { service: 'catering' });
    new EventConsumer(stack, 'Consumer', {
      service: 'catering',
      entry: path.join(import.meta.dirname, '..', '..', 'events-schemas', 'src', 'is-object.ts'),
      bus: EventBus.fromEventBusName(stack, 'Bus', 'airline'),
      hears: {},
      says: [],
    });
    const template = Template.fromStack(stack).toJSON();
    expect(retainedNamedResources(template).map(({ type, name }) => [type, name])).toEqual([
      ['AWS::DynamoDB::Table', 'airline-catering'],
      ['AWS::SQS::Queue', 'airline-catering-dead-letters'],
      ['AWS::SQS::Queue', 'airline-catering-undelivered'],
      ['AWS::SQS::Queue', 'airline-catering'],
    ]);
    // A retained resource that is missing from this list would make the next deployment fail.
    const retained = Object.values(
      (template as { Resources: Record<string, { DeletionPolicy?: string }> }).Resources,
    ).filter(({ DeletionPolicy = 'Delete' }) => DeletionPolicy.startsWith('Retain'));
    expect(retained).toHaveLength(4);
  });
});

describe('a stack whose table exists', () => {
  let status: string | undefined;
  let mayAssume: boolean;
  let logGroupNames: string[];
  /** What STS was asked to assume, and the access key of each other call. */
  let assumed: (string | null)[][];
  let keys: Set<string | undefined>;
  /** CloudFormation has one stack in `status`, and DynamoDB the table. STS may admit the caller to a role. */
  const server = createServer((request, response) => void answer(request, response));
  async function answer(request: IncomingMessage, response: ServerResponse): Promise<unknown> {
    const parameters = new URLSearchParams(await text(request));
    const sts = (action: string, result: string): void =>
      void response
        .setHeader('content-type', 'text/xml')
        .end(`<${action}Response><${action}Result>${result}</${action}Result></${action}Response>`);
    if (parameters.get('Action') === 'GetCallerIdentity') {
      return sts(
        'GetCallerIdentity',
        '<Account>111122223333</Account><Arn>arn:aws-cn:iam::111122223333:user/ada</Arn>',
      );
    }
    if (parameters.get('Action') === 'AssumeRole') {
      assumed.push([parameters.get('RoleArn'), parameters.get('ExternalId')]);
      if (!mayAssume) {
        response.writeHead(403, { 'content-type': 'text/xml' });
        return response.end(
          '<ErrorResponse><Error><Code>AccessDenied</Code><Message>ada may not</Message></Error></ErrorResponse>',
        );
      }
      const given = '<AccessKeyId>lookup</AccessKeyId><SecretAccessKey>secret</SecretAccessKey>';
      return sts('AssumeRole', `<Credentials>${given}<SessionToken>token</SessionToken></Credentials>`);
    }
    keys.add(/Credential=(\w+)/.exec(request.headers.authorization ?? '')?.[1]);
    if (request.headers['x-amz-target'] === 'DynamoDB_20120810.DescribeTable') {
      response.setHeader('content-type', 'application/x-amz-json-1.0').end('{"Table":{}}');
    } else if (request.headers['x-amz-target'] === 'Logs_20140328.DescribeLogGroups') {
      // It is asked for a prefix, which other names have as well.
      const logGroups = logGroupNames.map((logGroupName) => ({ logGroupName }));
      response.setHeader('content-type', 'application/x-amz-json-1.1').end(JSON.stringify({ logGroups }));
    } else if (status === undefined) {
      response
        .writeHead(400, { 'content-type': 'text/xml' })
        .end(
          '<ErrorResponse><Error><Code>ValidationError</Code>' +
            '<Message>Stack with id catering does not exist</Message></Error></ErrorResponse>',
        );
    } else {
      response
        .setHeader('content-type', 'text/xml')
        .end(
          '<DescribeStacksResponse><DescribeStacksResult><Stacks><member><StackName>catering</StackName>' +
            `<StackStatus>${status}</StackStatus></member></Stacks></DescribeStacksResult></DescribeStacksResponse>`,
        );
    }
    return response;
  }
  const assembly = mkdtempSync(path.join(os.tmpdir(), 'assembly-'));
  const environment = { ...process.env };

  function writeManifest(properties: Record<string, unknown> = {}): void {
    const artifact = {
      type: 'aws:cloudformation:stack',
      properties: { templateFile: 'catering.json', ...properties },
    };
    writeFileSync(path.join(assembly, 'manifest.json'), JSON.stringify({ artifacts: { catering: artifact } }));
  }

  beforeEach(() => {
    assumed = [];
    keys = new Set();
    logGroupNames = [];
    mayAssume = true;
  });

  beforeAll(async () => {
    const stack = new Stack(new App(), 'catering');
    new ServiceTable(stack, 'Table', { service: 'catering' });
    new LogGroup(stack, 'Record', { logGroupName: '/airline/record', removalPolicy: RemovalPolicy.RETAIN });
    writeManifest();
    writeFileSync(path.join(assembly, 'catering.json'), JSON.stringify(Template.fromStack(stack).toJSON()));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    Object.assign(process.env, {
      AWS_ENDPOINT_URL: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
      AWS_REGION: 'eu-west-1',
      AWS_ACCESS_KEY_ID: 'test',
      AWS_SECRET_ACCESS_KEY: 'test',
    });
  });

  afterAll(async () => {
    process.env = environment;
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    rmSync(assembly, { recursive: true });
  });

  test.each<[string | undefined, 'imports' | 'deletes the stack and imports' | 'only deploys']>([
    [undefined, 'imports'],
    ['DELETE_COMPLETE', 'imports'],
    ['REVIEW_IN_PROGRESS', 'imports'],
    ['ROLLBACK_COMPLETE', 'deletes the stack and imports'],
    ['ROLLBACK_FAILED', 'deletes the stack and imports'],
    ['CREATE_COMPLETE', 'only deploys'],
    ['UPDATE_ROLLBACK_COMPLETE', 'only deploys'],
    ['IMPORT_COMPLETE', 'only deploys'],
  ])('in the status %s: the deployment %s', async (given, expected) => {
    status = given;
    const found = (await findLeftovers(assembly)).map(({ leftovers, creationFailed }) => [
      leftovers.map(({ identifier }) => identifier),
      creationFailed,
    ]);
    const table = [{ TableName: 'airline-catering' }];
    if (expected === 'only deploys') expect(found).toEqual([]);
    else expect(found).toEqual([[table, expected !== 'imports']]);
  });

  test.each([
    [['/airline/record-of-others'], false],
    [['/airline/record-of-others', '/airline/record'], true],
  ])('imports a log group by its whole name: %j', async (names, expected) => {
    status = undefined;
    logGroupNames = names;
    const [found] = await findLeftovers(assembly);
    const identifiers = found!.leftovers.map(({ identifier }) => identifier);
    expect(identifiers.some(({ LogGroupName }) => LogGroupName === '/airline/record')).toBe(expected);
  });

  describe('is looked up', () => {
    const arn = 'arn:${AWS::Partition}:iam::${AWS::AccountId}:role/cdk-x-lookup-role-${AWS::AccountId}-${AWS::Region}';
    const resolved = 'arn:aws-cn:iam::111122223333:role/cdk-x-lookup-role-111122223333-eu-west-1';
    const warnings: string[] = [];
    const look = async (): Promise<void> => {
      status = undefined;
      warnings.length = 0;
      expect(await findLeftovers(assembly, (each) => warnings.push(each))).toHaveLength(1);
    };

    test("as the stack's lookup role, with nothing but its credentials", async () => {
      writeManifest({ lookupRole: { arn, assumeRoleExternalId: 'outside' } });
      await look();
      expect(assumed).toEqual([[resolved, 'outside']]);
      expect([...keys]).toEqual(['lookup']);
      expect(warnings).toEqual([]);
    });

    test('as the caller, with a warning, if the role cannot be assumed', async () => {
      writeManifest({ lookupRole: { arn } });
      mayAssume = false;
      await look();
      expect(assumed).toEqual([[resolved, null]]);
      expect([...keys]).toEqual(['test']);
      expect(warnings).toEqual([
        `Could not assume ${resolved} (ada may not). ` +
          'Looking with the credentials of arn:aws-cn:iam::111122223333:user/ada instead.',
      ]);
    });

    test('as the caller, if the stack has no lookup role', async () => {
      writeManifest();
      await look();
      expect([assumed, [...keys], warnings]).toEqual([[], ['test'], []]);
    });
  });
});

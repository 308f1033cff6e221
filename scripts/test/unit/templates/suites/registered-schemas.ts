import { contractOf, readSchemaFiles } from '@airline/events-schemas/compatibility/contract';
import type { Stack, TemplateResource } from '@airline/local-cloud/cloudformation/cloud-assembly';
import { beforeAll, expect, test } from '@jest/globals';
import { sharedTemplates } from '../../../support/shared-templates.ts';

let stacks: Stack[];
beforeAll(async () => {
  stacks = await sharedTemplates();
});

const resources = (type: string): [string, NonNullable<TemplateResource['Properties']>][] =>
  stacks.flatMap(({ name, template }) =>
    Object.values(template.Resources).flatMap(({ Type, Properties }) =>
      Type === type ? [[name, Properties!] as [string, NonNullable<TemplateResource['Properties']>]] : [],
    ),
  );

interface Statement {
  Action: string;
  Condition?: { 'ForAllValues:StringEquals': { 'events:source': string; 'events:detail-type': string[] } };
}

test('each event is registered once, by the stack that may publish it; FlightScheduled, which a command publishes, by the platform', () => {
  const registered = resources('AWS::EventSchemas::Schema').map(([stack, { SchemaName }]) => [
    SchemaName as string,
    stack,
  ]);
  const published = resources('AWS::IAM::Policy')
    .flatMap(([stack, { PolicyDocument }]) =>
      (PolicyDocument as { Statement: Statement[] }).Statement.map((statement) => ({ stack, statement })),
    )
    // The platform has no function. Its role of the smoke test publishes events of others.
    .filter(({ stack, statement }) => statement.Action === 'events:PutEvents' && stack !== 'airline-platform')
    .flatMap(({ stack, statement: { Condition } }) => {
      const { 'events:source': source, 'events:detail-type': detailTypes } = Condition!['ForAllValues:StringEquals'];
      return [detailTypes].flat().map((detailType) => [`${source}@${detailType}`, stack]);
    });
  expect(registered.sort()).toEqual([...published, ['airline.flights@FlightScheduled', 'airline-platform']].sort());
  const contract = [...contractOf(readSchemaFiles()).values()].map(
    ({ source, detailType }) => `${source}@${detailType}`,
  );
  expect(registered.map(([name]) => name)).toEqual(contract.sort());
});

test('all are in the registry of the platform, in a format that EventBridge accepts', () => {
  expect(resources('AWS::EventSchemas::Registry').map(([stack, { RegistryName }]) => [stack, RegistryName])).toEqual([
    ['airline-platform', 'airline'],
  ]);
  const schemas = resources('AWS::EventSchemas::Schema');
  expect(schemas.length).toBeGreaterThan(0);
  for (const [stack, { Type, RegistryName, Content }] of schemas) {
    expect([Type, JSON.parse(Content as string).$schema]).toEqual([
      'JSONSchemaDraft4',
      'http://json-schema.org/draft-04/schema#',
    ]);
    expect(Object.keys(RegistryName as object)).toEqual([stack === 'airline-platform' ? 'Fn::GetAtt' : 'Ref']);
  }
});

import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { openApiFile } from '../../../../flow/openapi.ts';
import { sharedTemplates } from '../../../support/shared-templates.ts';

interface Document {
  security: object[];
  paths: Record<string, Record<string, { tags: string[]; security?: object[] }>>;
}

const document = parse(readFileSync(openApiFile, 'utf8')) as Document;
/** With a login a token, without one nothing. */
const customers = [{ customer: [] }, {}];

test('docs/openapi.yaml has exactly the routes of the stacks, each with its service and with who may call it', async () => {
  const documented = Object.entries(document.paths).flatMap(([path, { parameters: _, ...methods }]) =>
    Object.entries(methods).map(([method, { tags, security = document.security }]) => ({
      route: `${method.toUpperCase()} ${path}`,
      stack: `airline-${tags.join()}`,
      security,
    })),
  );
  const deployed = (await sharedTemplates()).flatMap(({ name, template }) =>
    Object.values(template.Resources).flatMap(({ Type, Properties }) => {
      if (Type !== 'AWS::ApiGatewayV2::Route') return [];
      const { RouteKey, AuthorizationType } = Properties as { RouteKey: string; AuthorizationType: unknown };
      // A route for customers has a condition here: the platform decides whether they log in.
      return [{ route: RouteKey, stack: name, security: AuthorizationType === 'NONE' ? [] : customers }];
    }),
  );
  const byRoute = (a: { route: string }, b: { route: string }): number => (a.route < b.route ? -1 : 1);
  expect(documented.sort(byRoute)).toEqual(deployed.sort(byRoute));
});

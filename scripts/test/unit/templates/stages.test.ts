/** Both stages fit into one account: nothing of one has the name of something of the other. */
import type { Stack } from '@airline/local-cloud/cloudformation/cloud-assembly';
import { beforeAll, expect, test } from '@jest/globals';
import { synthesizeTemplates } from '../../../contracts/synthesize-templates.ts';

let staging: Stack[];
let production: Stack[];
beforeAll(async () => {
  staging = await synthesizeTemplates({ stage: 'staging' });
  production = await synthesizeTemplates({ stage: 'production' });
});

/** A name, path or ARN of production, also inside a dashboard. `airline.seats` and `airline:stage` are no names. */
const ofProduction = /(^|[/:"\s])airline(-(?!staging)[\w-]+|(?=[/"]|$))/;

/** Every text of a template, with the place where it is. */
function textsOf(value: unknown, place: string): { place: string; text: string }[] {
  if (typeof value === 'string') return [{ place, text: value }];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, child]) => textsOf(child, `${place}/${key}`));
}

function namesOfProduction(stacks: Stack[]): { place: string; text: string }[] {
  return stacks
    .flatMap(({ name, template }) => [{ place: 'stack', text: name }, ...textsOf(template, name)])
    .filter(({ text }) => ofProduction.test(text));
}

test('no stack of staging names anything of production', () => {
  expect(namesOfProduction(staging)).toEqual([]);
  // The pattern finds what it is for: stacks, queues, tables, parameters, alarms.
  expect(namesOfProduction(production).length).toBeGreaterThan(200);
});

test.each(['staging', 'production'])('every resource of %s that has tags has the stage', (stage) => {
  const stacks = stage === 'staging' ? staging : production;
  for (const { name, template } of stacks) {
    const tagged = Object.entries(template.Resources).flatMap(([logicalId, { Properties }]) =>
      Properties?.Tags === undefined ? [] : [{ logicalId, tags: JSON.stringify(Properties.Tags) }],
    );
    expect(tagged.length).toBeGreaterThan(0);
    const isTagged = ({ tags }: { tags: string }): boolean =>
      tags.includes(`"Key":"airline:stage","Value":"${stage}"`) || tags.includes(`"airline:stage":"${stage}"`);
    expect([name, tagged.filter((each) => !isTagged(each))]).toEqual([name, []]);
  }
});

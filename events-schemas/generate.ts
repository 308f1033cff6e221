/**
 * Generates src/generated/ from schemas/: TypeScript types, standalone validators and the catalogue of events. The
 * validators are generated because ajv at run time would cost every cold start 110 KB and 50 to 95 ms.
 */
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import standaloneModule from 'ajv/dist/standalone/index.js';
import addFormatsModule from 'ajv-formats';
import { Command } from 'commander';
import { build } from 'esbuild';
import { compile, type JSONSchema } from 'json-schema-to-typescript';

interface EventSchema {
  $id: string;
  title: string;
  description: string;
  'x-source': string;
  required: string[];
  properties: { data: object };
}

// Both packages are CommonJS: an ES module imports their default export as an object with the property `default`.
const standaloneCode = (
  standaloneModule as unknown as { default: (ajv: Ajv2020, exports: Record<string, string>) => string }
).default;
const addFormats = (addFormatsModule as unknown as { default: (ajv: Ajv2020, formats: string[]) => void }).default;
const here = import.meta.dirname;
const schemaFolder = path.join(here, 'schemas');
const outputFolder = path.join(here, 'src', 'generated');
const banner = '// Generated from events-schemas/schemas by `pnpm contracts`. Do not edit.\n';

const { check: isCheck } = new Command('pnpm contracts')
  .description('Generates the types, validators and catalogue in events-schemas/src/generated from the schemas.')
  .option('--check', 'compare instead of writing; exit with 1 when a file is stale')
  .parse()
  .opts<{ check?: true }>();

const common = await readSchema('common.json');
const schemas = await Promise.all(
  (await readdir(schemaFolder))
    .filter((file) => file !== 'common.json')
    .sort()
    .map(async (file) => (await readSchema(file)) as unknown as EventSchema),
);

const outputs: Record<string, string> = {
  'types.ts': await generateTypes(),
  // A consumer stops at the first mistake, so a large message costs it no more than a small one.
  'validators.ts': await generateValidators({
    allErrors: false,
    // Metadata has one validator for all events: standalone code repeats what it references, and nine copies are 60 KB.
    validators: {
      metadata: 'common.json#/$defs/metadata',
      outsideMetadata: 'common.json#/$defs/outsideMetadata',
      ...Object.fromEntries(schemas.map(dataValidator)),
    },
  }),
  // People write these two. They get all mistakes at once, and the desk and the commands bound what they check.
  'all-errors-validators.ts': await generateValidators({
    allErrors: true,
    validators: Object.fromEntries(
      schemas.filter(({ title }) => ['BookingRequested', 'FlightScheduled'].includes(title)).map(dataValidator),
    ),
  }),
  'catalogue.ts': generateCatalogue(),
};

const stale: string[] = [];
await mkdir(outputFolder, { recursive: true });
for (const [file, content] of Object.entries(outputs)) {
  const target = path.join(outputFolder, file);
  if (!isCheck) await writeFile(target, content);
  else if ((await readFile(target, 'utf8').catch(() => '')) !== content)
    stale.push(path.relative(process.cwd(), target));
}
if (stale.length > 0) {
  console.error(`Stale: ${stale.join(', ')}. Run \`pnpm contracts\` and commit the generated files.`);
  process.exitCode = 1;
} else {
  console.log(
    `${schemas.length} events, ${Object.keys(outputs).length} generated files ${isCheck ? 'are current' : 'written'}.`,
  );
}

async function readSchema(file: string): Promise<Record<string, unknown>> {
  return JSON.parse(await readFile(path.join(schemaFolder, file), 'utf8')) as Record<string, unknown>;
}

async function generateTypes(): Promise<string> {
  const union = {
    title: 'EventDetails',
    type: 'object',
    properties: Object.fromEntries(schemas.map((schema) => [schema.title, { $ref: schema.$id }])),
    required: schemas.map((schema) => schema.title),
    additionalProperties: false,
  };
  return compile(union as JSONSchema, 'EventDetails', {
    cwd: `${schemaFolder}/`,
    additionalProperties: false,
    ignoreMinAndMaxItems: true,
    bannerComment: banner,
    style: { singleQuote: true, printWidth: 130 },
  });
}

function dataValidator({ $id, title }: EventSchema): [string, string] {
  return [title, `${$id}#/properties/data`];
}

async function generateValidators({
  allErrors,
  validators,
}: {
  allErrors: boolean;
  /** Export → reference of its schema. */
  validators: Record<string, string>;
}): Promise<string> {
  const ajv = new Ajv2020({
    code: { source: true, esm: true, lines: false },
    allErrors,
    strict: true,
    inlineRefs: false,
  });
  addFormats(ajv, ['date-time', 'email']);
  for (const keyword of ['x-personal', 'x-source']) ajv.addKeyword({ keyword });
  ajv.addSchema(common);
  for (const schema of schemas) ajv.addSchema(schema);
  const source = standaloneCode(ajv, validators);
  // The standalone code still requires ajv's formats and helpers. They are bundled in, so that a function needs no ajv.
  const bundled = await build({
    stdin: { contents: source, resolveDir: here, loader: 'js' },
    bundle: true,
    write: false,
    format: 'esm',
    minifySyntax: true,
    minifyWhitespace: true,
    charset: 'utf8',
    logLevel: 'silent',
  });
  return `${banner}// @ts-nocheck\n/* eslint-disable */\n${bundled.outputFiles[0]!.text}`;
}

function generateCatalogue(): string {
  const entries = schemas.map((schema) => {
    const version = Number(/\.v(\d+)\.json$/.exec(schema.$id)![1]);
    const entry = {
      source: schema['x-source'],
      schemaVersion: version,
      metadataRequired: schema.required.includes('metadata'),
      personal: personalPaths(schema.properties.data),
    };
    return `  /** ${schema.description} */\n  ${schema.title}: ${JSON.stringify(entry)},`;
  });
  const definitions = Object.entries(common.$defs as Record<string, { pattern?: string }>);
  const patterns = definitions.flatMap(([name, { pattern }]) =>
    pattern === undefined ? [] : [`  ${name}: ${JSON.stringify(pattern)},`],
  );
  return `${banner}
/** Every event: its producer's source, and the paths below \`data\` that hold personal data ("x-personal"). */
export const catalogue = {
${entries.join('\n')}
} as const;

/** The patterns of schemas/common.json, by the name of their definition. */
export const patterns: Readonly<Record<string, string>> = {
${patterns.join('\n')}
};
`;
}

function personalPaths(schema: object, prefix: string[] = []): string[][] {
  const { properties = {}, 'x-personal': personal } = schema as {
    properties?: Record<string, object>;
    'x-personal'?: boolean;
  };
  if (personal) return [prefix];
  return Object.entries(properties).flatMap(([name, child]) => personalPaths(child, [...prefix, name]));
}

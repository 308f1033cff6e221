import path from 'node:path';
import { parse, stringify } from 'yaml';
import { UsageError } from '../cli/usage-error.ts';
import { workspaceRoot } from '../cli/workspace.ts';
import { contractSchemas } from './contract-schemas.ts';
import { replaceBlock, yamlComment } from './generated-block.ts';

export const openApiFile = path.join(workspaceRoot, 'docs', 'openapi.yaml');

const block = 'schemas of the contract';

/**
 * The document of the HTTP API with its generated part as it must be: the contract's schemas that the other parts refer
 * to. A field that events and answers share is written once, in events-schemas.
 * @throws UsageError for a reference to a schema that neither the document nor the contract has
 */
export function renewOpenApi(text: string): string {
  const written = replaceBlock(text, block, '', yamlComment);
  const { components } = parse(written) as { components: { schemas: Record<string, object> } };
  const definitions = contractSchemas();
  const needed = new Set<string>();
  const need = (source: string): void => {
    for (const [, name] of source.matchAll(/#\/components\/schemas\/(\w+)/g)) {
      if (needed.has(name!) || components.schemas[name!]) continue;
      const schema = definitions[name!];
      if (!schema) {
        throw new UsageError(
          `docs/openapi.yaml refers to the schema ${name}. Neither the document nor the contract has it; the contract has ${Object.keys(definitions).join(', ')}.`,
        );
      }
      needed.add(name!);
      need(JSON.stringify(schema));
    }
  };
  need(written);
  const schemas = Object.fromEntries([...needed].sort().map((name) => [name, definitions[name]]));
  const generated = stringify(schemas, { lineWidth: 116, singleQuote: true })
    .trimEnd()
    .replaceAll(/^(?=.)/gm, '    ');
  return replaceBlock(text, block, generated, yamlComment);
}

import path from 'node:path';
import { workspaceRoot } from '../cli/workspace.ts';

/**
 * Checks an OpenAPI document with Redocly's strict rules, and its examples against their schemas.
 * @returns a line for each mistake: file, line, column, rule and message
 */
export async function lintOpenApi(text: string, file: string): Promise<string[]> {
  const { createConfig, getLineColLocation, lintFromString } = await import('@redocly/openapi-core');
  const config = await createConfig({
    extends: ['recommended-strict'],
    rules: {
      // The airline on this machine is an address that readers of this repository do have.
      'no-server-example.com': 'off',
      'operation-description': 'error',
      'operation-singular-tag': 'error',
      'operation-tag-defined': 'error',
      'no-unused-components': 'error',
    },
  });
  const problems = await lintFromString({ source: text, absoluteRef: file, config });
  return problems.map(({ location, ruleId, message }) => {
    const { line, col } = getLineColLocation(location[0]!).start;
    return `${path.relative(workspaceRoot, file)}:${line}:${col} ${ruleId}: ${message}`;
  });
}

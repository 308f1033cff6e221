import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { openApiFile } from '../../../flow/openapi.ts';
import { DocumentedAnswers, type OpenApi } from '../../support/documented-answers.ts';

let documented: DocumentedAnswers | undefined;

/**
 * Compares an answer of the front door with docs/openapi.yaml.
 * @param path with the query, below the front door's address
 * @throws Error with every difference
 */
export async function expectDocumented(path: string, request: Request, answer: Response): Promise<void> {
  documented ??= new DocumentedAnswers(parse(readFileSync(openApiFile, 'utf8')) as OpenApi);
  const { method, headers } = request;
  const asked = { method, path, headers: Object.fromEntries(headers), body: await request.text() };
  const { status } = answer;
  const given = { status, headers: Object.fromEntries(answer.headers), body: await answer.text() };
  const mistakes = documented.findMistakes(asked, given);
  if (mistakes.length > 0)
    throw new Error(
      `The answer is not as docs/openapi.yaml says:\n${mistakes.join('\n')}\n${given.body.slice(0, 500)}`,
    );
}

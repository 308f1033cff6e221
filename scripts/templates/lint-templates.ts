import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { cdkApps } from '../airline/cdk-apps.ts';
import { synthesize } from '../airline/synthesize.ts';
import { preparePython } from '../cli/python.ts';
import { UsageError } from '../cli/usage-error.ts';
import { workspaceRoot } from '../cli/workspace.ts';

/** Context values that add resources to a template or replace some. */
const options = {
  alarmEmail: 'ops@airline.example',
  apiConcurrency: 5,
  jwtAudience: 'airline',
  jwtIssuer: 'https://login.airline.example',
  statusRateLimit: 100,
};

/** The deployments whose templates are linted, by name: with the defaults, and with every option. */
export const variants: Readonly<Record<string, Readonly<Record<string, unknown>>>> = { defaults: {}, options };

/** Prepares cfn-lint in a virtual environment. @returns the path of its command @throws UsageError without Python */
export function prepareLinter(): string {
  const environment = path.join(workspaceRoot, 'node_modules', '.cache', 'cfn-lint');
  const { command } = preparePython(environment, path.join(import.meta.dirname, 'requirements.txt'), 'cfn-lint needs');
  return path.join(path.dirname(command), 'cfn-lint');
}

/** Writes the templates of all apps. @returns their paths @throws UsageError when an app cannot be synthesized */
export async function writeTemplates(folder: string, context: Readonly<Record<string, unknown>>): Promise<string[]> {
  // Without the functions' code, which takes most of a synthesis.
  const CDK_CONTEXT_JSON = JSON.stringify({ 'aws:cdk:bundling-stacks': [], ...context });
  await synthesize(folder, { environment: { ...process.env, CDK_CONTEXT_JSON } });
  return cdkApps(folder).flatMap(({ assembly }) => filesIn(assembly, '.template.json'));
}

/** The templates that are written by hand. */
export function handWrittenTemplates(): string[] {
  return filesIn(path.join(workspaceRoot, 'infra'), '.yaml');
}

/** A finding of cfn-lint, as its format `json` has it. */
interface Match {
  Filename: string;
  Location: { Path?: (string | number)[] | null };
  Message: string;
  Rule: { Id: string };
}

/**
 * Lints templates by the rules of `.cfnlintrc.yaml`.
 * @returns for each finding a line with the rule, the template, the place in it and the problem
 * @throws UsageError when cfn-lint itself fails
 */
export function lintTemplates(linter: string, templates: readonly string[]): string[] {
  const parameters = ['--format', 'json', ...templates];
  const { status, stdout, stderr, error } = spawnSync(linter, parameters, { cwd: workspaceRoot, encoding: 'utf8' });
  // Its exit code has a bit for errors (2), warnings (4) and informational findings (8). Others are its own failures.
  if (status === null || (status & ~14) !== 0)
    throw new UsageError(`cfn-lint failed with ${error?.message ?? `exit code ${status}`}.\n${stderr}`);
  const matches = JSON.parse(stdout) as Match[];
  if ((status === 0) !== (matches.length === 0))
    throw new UsageError(`cfn-lint ended with exit code ${status} and has ${matches.length} findings.`);
  return matches.map(
    ({ Filename, Location, Message, Rule }) =>
      `${Rule.Id} ${path.basename(Filename)} ${(Location.Path ?? []).join('.')}: ${Message}`,
  );
}

function filesIn(folder: string, ending: string): string[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith(ending))
    .sort()
    .map((name) => path.join(folder, name));
}

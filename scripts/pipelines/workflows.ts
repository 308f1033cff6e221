import { readFileSync } from 'node:fs';
import path from 'node:path';
import { cdkApps } from '../airline/cdk-apps.ts';
import { actions, install, pnpm, runner } from './steps.ts';

export interface Workflow {
  /** Below the repository's root. */
  file: string;
  text: string;
}

const root = path.join(import.meta.dirname, '..', '..');
const notice = '# Written by `pnpm pipelines` from scripts/pipelines; edit that, and run it again.\n';

/** Every workflow of the repository: the gates, and one deployment for each package that is an app of its own. */
export function workflows(): Workflow[] {
  return [{ file: '.github/workflows/gates.yml', text: gates() }, ...cdkApps().map(({ name }) => deployment(name))];
}

function gates(): string {
  return `${notice}name: Gates
on:
  pull_request:
  push:
    branches: [main]
permissions:
  contents: read
concurrency:
  group: gates-\${{ github.ref }}
  # Of a pull request only the last state matters; of main, each.
  cancel-in-progress: \${{ github.event_name == 'pull_request' }}
jobs:
  gates:
    runs-on: ${runner}
    timeout-minutes: 90
    steps:
${install}
      - run: bash .ci/run
`;
}

function deployment(folder: string): Workflow {
  const service = folder === 'infra' ? 'platform' : path.basename(folder);
  const file = `.github/workflows/deploy-${service}.yml`;
  const paths = [...watched(folder), 'pnpm-lock.yaml', file];
  const { name } = manifestOf(folder);
  const text = `${notice}name: Deploy ${service}
on:
  push:
    branches: [main]
    paths:
${paths.map((each) => `      - '${each}'`).join('\n')}
  workflow_dispatch:
permissions: {}
concurrency:
  # CloudFormation changes a stack once at a time; a deployment that has begun is not cut off.
  group: deploy-${service}
  cancel-in-progress: false
jobs:
  diff:
    runs-on: ${runner}
    timeout-minutes: 20
    permissions:
      contents: read
      id-token: write
    steps:
${install}
      - run: ${pnpm} test ${folder}
${credentials('AWS_DIFF_ROLE_ARN')}
${context(folder)}
      - name: Show what the deployment would change
        # By the template alone: a change set would need a role that may change something. No colours, which the summary cannot show.
        env:
          NO_COLOR: '1'
        run: |
          set -o pipefail
          ${pnpm} --filter ${name} run diff --method template 2>&1 | tee diff.txt
          { echo '## ${service}: what the deployment changes'; echo '\`\`\`'; cat diff.txt; echo '\`\`\`'; } >> "$GITHUB_STEP_SUMMARY"
  deploy:
    needs: diff
    runs-on: ${runner}
    timeout-minutes: 45
    # Whoever must approve deployments is named there, and sees the difference first.
    environment: production
    permissions:
      contents: read
      id-token: write
    steps:
${install}
${credentials('AWS_DEPLOY_ROLE_ARN')}
${context(folder)}
      - run: ${pnpm} --filter ${name} run deploy --require-approval never
`;
  return { file, text };
}

/** Short-lived credentials by OIDC: nothing is stored. */
function credentials(role: string): string {
  return `      - uses: ${actions.credentials}
        with:
          role-to-assume: \${{ vars.${role} }}
          aws-region: \${{ vars.AWS_REGION }}`;
}

/** Context values of the stacks, such as alarmEmail: JSON, read by the CDK as its cache of context. */
function context(folder: string): string {
  return `      - name: Context of the stacks
        if: vars.CDK_CONTEXT != ''
        env:
          CDK_CONTEXT: \${{ vars.CDK_CONTEXT }}
        run: printf '%s' "$CDK_CONTEXT" > ${folder}/cdk.context.json`;
}

interface Manifest {
  name: string;
  dependencies?: Record<string, string>;
  devDependencies?: Record<string, string>;
}

const manifestOf = (folder: string): Manifest =>
  JSON.parse(readFileSync(path.join(root, folder, 'package.json'), 'utf8')) as Manifest;

/** What a package is deployed from: its own sources, and those of the workspace's packages that it is built of. */
function watched(folder: string): string[] {
  const built = new Set<string>();
  const add = (each: string): void => {
    if (built.has(each)) return;
    built.add(each);
    const { dependencies, devDependencies } = manifestOf(each);
    // Of what is only used while developing, the constructs alone become part of a stack.
    const names = [
      ...Object.keys(dependencies ?? {}),
      ...Object.keys(devDependencies ?? {}).filter((name) => name === '@airline/infra'),
    ];
    for (const name of names.filter((name) => name.startsWith('@airline/')))
      add(folderOf(name.slice('@airline/'.length)));
  };
  add(folder);
  return [...built].flatMap((each) => [
    `${each}/src/**`,
    ...(each === 'events-schemas' ? [`${each}/schemas/**`] : []),
    ...(each === folder ? [each === 'infra' ? `${each}/app.ts` : `${each}/infra/**`] : []),
    `${each}/package.json`,
  ]);
}

function folderOf(name: string): string {
  return name === 'infra' || name === 'events-schemas' ? name : `packages/${name}`;
}

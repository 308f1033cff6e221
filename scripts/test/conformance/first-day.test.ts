/** The commands of infra/first-day.md, as they stand there, on the emulator: an empty account. */
import { spawn } from 'node:child_process';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { type Emulator, startEmulator } from '../../conformance/emulator.ts';
import { conformanceState, trust } from '../../conformance/state.ts';
import { workspaceRoot } from '../../cli/workspace.ts';
import { plainEnvironment } from '../end-to-end/support/airline-place.ts';
import { startPaymentProvider } from '../end-to-end/support/on-emulator.ts';
import { pageCommands } from '../support/page-commands.ts';

// A limit for what hangs: two stages, with a smoke test each, take eight minutes on a busy machine.
jest.setTimeout(1_800_000);

let emulator: Emulator;
let provider: Awaited<ReturnType<typeof startPaymentProvider>>;
beforeAll(async () => {
  emulator = await startEmulator(path.join(conformanceState.logs, 'first-day.log'));
  provider = await startPaymentProvider();
});
afterAll(async () => {
  provider?.server.closeAllConnections();
  provider?.server.close();
  await emulator?.stop();
});

/**
 * What stands for the programs of the page. `pnpm` runs the same scripts, and adds what an emulator needs and
 * short holds, for whose end the smoke test waits. The other programs are not installed, or would ask services that the
 * emulator does not have.
 */
const programs = `
set -euo pipefail
node() { '${process.execPath}' --import tsx/esm "$@"; }
npm() { :; }
gh() { case "$*" in *'actions/'* | *'--jq .id'*) echo 1 ;; 'api repos'*) echo 'airline@1001/airline@2002' ;; esac; }
aws() {
  case "$1 $2" in
    lambda* | service-quotas*) ;;
    # The emulator has no such type of resource. The parameter is the last option of the page.
    'cloudformation deploy') node scripts/test/support/aws-command.ts "$@" CreateOidcProvider=false ;;
    *) node scripts/test/support/aws-command.ts "$@" ;;
  esac
}
read() { printf -v "\${@: -1}" sk_test_first_day; }
pnpm() {
  case "$1" in
    install) ;;
    run) node "scripts/commands/$2.ts" "\${@:3}" -c emulator=true -c "stripeApiUrl=$STRIPE_API_URL" -c holdGraceSeconds=1 ;;
    --filter)
      local folder=\${2#@airline/}
      [ "$folder" = infra ] || folder=packages/$folder
      (cd "$folder" && PATH="$PWD/node_modules/.bin:$PATH" && "\${@:4}")
      ;;
    *) node "scripts/commands/$1.ts" "\${@:2}" ;;
  esac
}
`;

test('from an empty account to the first booking, to production, and back', async () => {
  const blocks = pageCommands('infra/first-day.md');
  const script = blocks.map(({ heading, commands }) => `echo '── ${heading}'\n${commands}`).join('');
  const child = spawn('bash', ['-c', `${programs}${script}echo '── the end'`], {
    cwd: workspaceRoot,
    env: {
      ...plainEnvironment(),
      ...trust,
      AWS_ENDPOINT_URL: emulator.endpoint,
      AWS_ACCESS_KEY_ID: 'test',
      AWS_SECRET_ACCESS_KEY: 'test',
      STRIPE_API_URL: provider.url,
      CDK_VALIDATION: 'false',
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const [code, output, errors] = await Promise.all([
    new Promise<number | null>((resolve, reject) => child.once('error', reject).once('close', resolve)),
    text(child.stdout),
    text(child.stderr),
  ]);
  if (code !== 0) throw new Error(`A command of the page failed:\n${output}\n${errors}`);
  const shown = (heading: string): string =>
    output
      .split('── ')
      .filter((section) => section.startsWith(heading))
      .join('');
  expect(output.trim().split('\n').at(-1)).toBe('── the end');
  expect(shown('1.')).toContain('Account 000000000000');
  expect(shown('3.')).toMatch(/^CONFIRMED /m);
  expect([shown('3.'), shown('4.')].map((each) => each.match(/ is deployed \(/g)?.length)).toEqual([6, 6]);
});

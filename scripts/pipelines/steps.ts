/** The oldest that is supported: what passes here passes on newer ones, and functions are bundled for it. */
export const nodeVersion = '20.19';
export const runner = 'ubuntu-24.04';
export const pnpm = 'npx --yes pnpm@10.34.9';

/** By commit, since a tag can be moved to other code. */
export const actions = {
  checkout: 'actions/checkout@11bd71901bbe5b1630ceea73d27597364c9af683 # v4.2.2',
  node: 'actions/setup-node@49933ea5288caeca8642d1e84afbd3f7d6820020 # v4.4.0',
  credentials: 'aws-actions/configure-aws-credentials@b47578312673ae6fa5b5096b330d9fbac3d116df # v4.2.1',
} as const;

/** The repository and its packages, exactly those of the lockfile. No credential stays behind for what runs later. */
export const install = `      - uses: ${actions.checkout}
        with:
          persist-credentials: false
      - uses: ${actions.node}
        with:
          node-version: '${nodeVersion}'
      - run: ${pnpm} install --frozen-lockfile`;

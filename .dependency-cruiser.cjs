const services = '^packages/(bookings|seats|payments|receipts|status)/';

/**
 * A rule for each layer: it imports its own folder and lower layers only. Folders of one layer do not know each other.
 * @param {string} folder that holds the layers
 * @param {string[][]} layers the top one first: folders, or files
 */
function pointDownOnly(folder, layers) {
  return layers
    .flatMap((layer, index) =>
      layer.map((name) => ({
        name: `${folder.split('/')[1] ?? folder}-${name.replace(/\.ts$/, '')}-points-down`,
        comment: `Inside ${folder} imports point down: ${layers.map((names) => names.join(', ')).join(' → ')}.`,
        severity: 'error',
        from: { path: `^${folder}/${name}(/|$)` },
        to: {
          path: layers
            .slice(0, index + 1)
            .flat()
            .filter((other) => other !== name)
            .map((other) => `^${folder}/${other}(/|$)`),
        },
      })),
    )
    .filter(({ to }) => to.path.length > 0);
}

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    {
      name: 'no-service-imports-another',
      comment: 'Services talk through events, never through code: a shared module would couple their deployments.',
      severity: 'error',
      from: { path: services },
      to: { path: services, pathNot: '^packages/$1/' },
    },
    {
      name: 'services-share-only-contract-and-messaging',
      comment: 'At run time a service sees its own files, events-schemas, messaging and libraries.',
      severity: 'error',
      from: { path: '^packages/(bookings|seats|payments|receipts|status)/src/' },
      to: {
        path: '^(packages|infra|scripts|events-schemas)/',
        pathNot: ['^packages/$1/src/', '^packages/messaging/', '^events-schemas/'],
      },
    },
    {
      name: 'constructs-only-from-infra',
      comment: 'The CDK constructs belong to the stacks; a function that imports them would be bundled with the CDK.',
      severity: 'error',
      from: { path: '^packages/[^/]+/src/', pathNot: '^packages/local-cloud/' },
      to: { path: '^(infra/|.*node_modules/(aws-cdk-lib|constructs)/)' },
    },
    {
      name: 'domain-is-pure',
      comment: 'src/domain.ts decides; it imports nothing but types, so that it can neither read a clock nor do I/O.',
      severity: 'error',
      from: { path: '^packages/[^/]+/src/domain\\.ts$' },
      to: { dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'subscriptions-are-data',
      comment: 'src/subscriptions.ts is read by stack, simulation and the flow; it imports nothing but types.',
      severity: 'error',
      from: { path: '^packages/[^/]+/src/subscriptions\\.ts$' },
      to: { dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'contract-stands-alone',
      severity: 'error',
      from: { path: '^events-schemas/' },
      to: { path: '^(packages|infra|scripts)/' },
    },
    {
      name: 'contract-tools-stay-out-of-functions',
      comment: 'They bring ajv, and are for those who change the contract and for the stacks, not for what runs.',
      severity: 'error',
      from: { path: ['^packages/[^/]+/src/', '^events-schemas/src/'] },
      to: { path: '^events-schemas/(compatibility|registry|test)/' },
    },
    {
      name: 'messaging-knows-no-service',
      comment: 'Its tests may run on the DynamoDB of the local cloud.',
      severity: 'error',
      from: { path: '^packages/messaging/' },
      to: { path: '^(packages/(?!messaging/)|infra/|scripts/)', pathNot: '^packages/local-cloud/test/support/' },
    },
    {
      name: 'test-support-is-for-tests',
      comment: 'What is deployed, and the stacks, must not depend on code that is written for tests.',
      severity: 'error',
      from: {
        path: '^(packages/[^/]+|infra|events-schemas)/',
        pathNot: '^(packages/[^/]+|infra|events-schemas)/test/',
      },
      to: { path: '^(packages/[^/]+|infra|events-schemas)/test/' },
    },
    {
      name: 'local-cloud-knows-no-service',
      comment: 'It runs what the templates say; were it to know a service, it would prove less.',
      severity: 'error',
      from: { path: '^packages/local-cloud/src/' },
      to: { path: [services, '^packages/messaging/', '^scripts/'] },
    },
    ...pointDownOnly('packages/local-cloud/src', [
      ['local-cloud.ts'],
      ['aws-endpoint.ts', 'cloudformation'],
      ['chaos', 'http-api'],
      ['lambda'],
      ['sqs'],
      ['event-bridge'],
      ['dynamodb', 'logs', 'payment-provider', 'ssm'],
      ['account.ts', 'aws-error.ts', 'is-object.ts', 'local-cloud-error.ts'],
    ]),
    ...pointDownOnly('scripts', [
      ['test'],
      ['commands'],
      ['smoke', 'site'],
      ['flow', 'trace'],
      [
        'chaos',
        'conformance',
        'contracts',
        'coverage',
        'explain',
        'gates',
        'reconcile',
        'replay',
        'templates',
        'waiting',
      ],
      ['dead-letters', 'operations', 'protocol'],
      ['airline'],
      ['cli'],
    ]),
    { name: 'no-circular', severity: 'error', from: {}, to: { circular: true } },
    { name: 'not-to-unresolvable', severity: 'error', from: {}, to: { couldNotResolve: true } },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: ['cdk\\.out', 'node_modules/.*/node_modules'] },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'default', 'types'] },
  },
};

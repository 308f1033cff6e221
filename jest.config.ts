/** @jest-config-loader esbuild-register */
import type { Config } from 'jest';

// Said once for each test file otherwise; package.json says which Node is supported.
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = 'true';
// Stack tests look at templates; the CDK's own rules, ten seconds a stack, are a gate of their own.
process.env.CDK_VALIDATION = 'false';

export default {
  testEnvironment: 'node',
  roots: ['<rootDir>/packages', '<rootDir>/infra', '<rootDir>/events-schemas', '<rootDir>/scripts'],
  testMatch: ['**/test/**/*.test.ts'],
  // `pnpm test:conformance` runs these, on an emulator.
  testPathIgnorePatterns: ['/node_modules/', '<rootDir>/scripts/test/conformance/'],
  // Two cores: the end-to-end suite runs a whole local cloud beside the other tests.
  maxWorkers: 2,
  // For what hangs, not for what is slow: a busy machine takes many times as long as an idle one.
  testTimeout: 600_000,
  // For `pnpm coverage`. Code that runs in a process or a thread of its own is not counted.
  coverageProvider: 'v8',
  coverageReporters: ['json-summary'],
  collectCoverageFrom: [
    '{packages/*,infra,events-schemas,scripts}/**/*.ts',
    '!**/{node_modules,cdk.out,test,generated}/**',
    '!**/jest.config.ts',
  ],
  transform: {
    // jose and marked are ES modules only, and tests are not.
    '\\.ts$|/(jose/dist|marked/lib)/': [
      '@swc/jest',
      { jsc: { parser: { syntax: 'typescript' }, target: 'es2023' }, module: { type: 'commonjs' } },
    ],
  },
  transformIgnorePatterns: ['/node_modules/(?!(.*/)?(jose/dist|marked/lib)/)'],
} satisfies Config;

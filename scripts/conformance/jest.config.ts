/** @jest-config-loader esbuild-register */
import type { Config } from 'jest';
import base from '../../jest.config.ts';

/** The end-to-end suites, and suites that need an emulator: deployments while the airline runs. */
export default {
  ...base,
  rootDir: '../..',
  roots: ['<rootDir>/scripts'],
  testMatch: ['<rootDir>/scripts/test/end-to-end/*.test.ts', '<rootDir>/scripts/test/conformance/*.test.ts'],
  // Its faults are those of the local cloud.
  testPathIgnorePatterns: ['/node_modules/', '<rootDir>/scripts/test/end-to-end/explain.test.ts'],
  // An emulator, its functions and a deployment use two cores already.
  maxWorkers: 1,
} satisfies Config;

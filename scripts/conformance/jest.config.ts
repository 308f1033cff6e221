/** @jest-config-loader esbuild-register */
import type { Config } from 'jest';
import base from '../../jest.config.ts';

/** The end-to-end suites, and what only an emulator can show: deployments of a running airline. */
export default {
  ...base,
  rootDir: '../..',
  roots: ['<rootDir>/scripts'],
  testMatch: ['<rootDir>/scripts/test/end-to-end/*.test.ts', '<rootDir>/scripts/test/conformance/*.test.ts'],
  testPathIgnorePatterns: ['/node_modules/'],
  // An emulator, the functions it runs and a deployment keep two cores busy.
  maxWorkers: 1,
} satisfies Config;

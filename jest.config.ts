/** @jest-config-loader esbuild-register */
import type { Config } from 'jest';

export default {
  testEnvironment: 'node',
  roots: ['<rootDir>/packages', '<rootDir>/infra', '<rootDir>/events-schemas', '<rootDir>/scripts'],
  testMatch: ['**/test/**/*.test.ts'],
  // Two cores: the end-to-end suite runs a whole local cloud beside the other tests.
  maxWorkers: 2,
  testTimeout: 20_000,
  transform: {
    '\\.ts$': ['@swc/jest', { jsc: { parser: { syntax: 'typescript' }, target: 'es2023' }, module: { type: 'commonjs' } }],
  },
} satisfies Config;

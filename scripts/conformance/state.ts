import path from 'node:path';
import { workspaceRoot } from '../cli/workspace.ts';

const folder = path.join(workspaceRoot, '.conformance');

/** The files of `pnpm test:conformance`, in a folder that git ignores. */
export const conformanceState = {
  pythonEnvironment: path.join(folder, 'python'),
  /** Of the emulator. Each run writes a new one. */
  certificate: path.join(folder, 'emulator.crt'),
  key: path.join(folder, 'emulator.key'),
  logs: path.join(folder, 'logs'),
  nextVersion: path.join(folder, 'next-version'),
} as const;

/** Variables that make Node, the CDK and the aws command trust the emulator. Node reads them when it starts. */
export const trust = {
  NODE_EXTRA_CA_CERTS: conformanceState.certificate,
  AWS_CA_BUNDLE: conformanceState.certificate,
} as const;

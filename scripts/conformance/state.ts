import path from 'node:path';
import { workspaceRoot } from '../cli/workspace.ts';

const folder = path.join(workspaceRoot, '.conformance');

/** What `pnpm test:conformance` keeps, in a folder that git ignores. */
export const conformanceState = {
  pythonEnvironment: path.join(folder, 'python'),
  /** Of the emulator, anew for each run. */
  certificate: path.join(folder, 'emulator.crt'),
  key: path.join(folder, 'emulator.key'),
  logs: path.join(folder, 'logs'),
  nextVersion: path.join(folder, 'next-version'),
} as const;

/** With it in their environment Node, the CDK and the AWS command trust the emulator. Node reads it when it starts. */
export const trust = {
  NODE_EXTRA_CA_CERTS: conformanceState.certificate,
  AWS_CA_BUNDLE: conformanceState.certificate,
} as const;

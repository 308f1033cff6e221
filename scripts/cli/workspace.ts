import path from 'node:path';

/** The root folder of the workspace. */
export const workspaceRoot = path.join(import.meta.dirname, '..', '..');

/** The arguments with which Node runs a command of this project, e.g. `commandArguments('status', bookingId)`. */
export function commandArguments(name: string, ...parameters: string[]): string[] {
  return ['--import', 'tsx/esm', path.join(workspaceRoot, 'scripts', 'commands', `${name}.ts`), ...parameters];
}

import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { UsageError } from './usage-error.ts';

export interface PythonEnvironment {
  /** The path of its `python`. */
  command: string;
  /** E.g. `3.11.7`. */
  version: string;
}

const oldest = [3, 10] as const;
const candidates = ['python3', 'python3.14', 'python3.13', 'python3.12', 'python3.11', 'python3.10', 'python'];
const howToInstall =
  'Debian and Ubuntu: `apt-get install python3 python3-venv`. macOS: `brew install python`. Elsewhere: https://www.python.org/downloads/.';

/**
 * A virtual environment with exactly the packages of a requirements file. It is created anew if it does not exist,
 * was created from another file, or has another version of Python.
 * @param purpose the begin of a sentence that goes on with the version, e.g. `The conformance tests need`
 * @throws UsageError that says what is missing and how to install it
 */
export function preparePython(folder: string, requirements: string, purpose: string): PythonEnvironment {
  const python = findPython(purpose);
  const installedFrom = path.join(folder, 'requirements.txt');
  const isCurrent =
    versionOf(path.join(folder, 'bin', 'python')) === python.version &&
    existsSync(installedFrom) &&
    readFileSync(installedFrom, 'utf8') === readFileSync(requirements, 'utf8');
  if (!isCurrent) {
    rmSync(folder, { recursive: true, force: true });
    const installer = createEnvironment(python.command, folder);
    const installed = run(
      installer[0]!,
      ...installer.slice(1),
      'install',
      '--quiet',
      '--disable-pip-version-check',
      '-r',
      requirements,
    );
    if (installed.code !== 0) {
      throw new UsageError(`pip could not install ${path.relative(process.cwd(), requirements)}:\n${installed.output}`);
    }
    // Last, so that an environment whose installation was interrupted is created anew.
    copyFileSync(requirements, installedFrom);
  }
  return { command: path.join(folder, 'bin', 'python'), version: python.version };
}

function findPython(purpose: string): { command: string; version: string } {
  const found = candidates.flatMap((command) => {
    const version = versionOf(command);
    return version === undefined ? [] : [{ command, version }];
  });
  const fit = found.find(({ version }) => isRecent(version));
  if (fit) return fit;
  const older = found.map(({ command, version }) => `${command} is ${version}`).join(', ');
  throw new UsageError(
    `${purpose} Python ${oldest.join('.')} or later; ${older || 'there is none on the PATH'}.\n${howToInstall}`,
  );
}

function versionOf(command: string): string | undefined {
  const { code, output } = run(command, '-c', 'import platform; print(platform.python_version())');
  return code === 0 && /^\d+\.\d+/.test(output) ? output : undefined;
}

function isRecent(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major > oldest[0] || (major === oldest[0] && minor >= oldest[1]);
}

/** Creates a virtual environment. @returns the command that runs its pip */
function createEnvironment(python: string, folder: string): string[] {
  const own = run(python, '-m', 'venv', folder);
  const inside = path.join(folder, 'bin', 'python');
  if (own.code === 0) return [inside, '-m', 'pip'];
  // On Debian, venv cannot install pip without the package python3-venv. A pip outside can serve the environment.
  rmSync(folder, { recursive: true, force: true });
  const bare = run(python, '-m', 'venv', '--without-pip', folder);
  const outer = [python, '-m', 'pip', '--python', inside];
  if (bare.code === 0 && run(outer[0]!, ...outer.slice(1), '--version').code === 0) return outer;
  throw new UsageError(`${python} cannot create a virtual environment:\n${own.output}\n\n${howToInstall}`);
}

function run(command: string, ...parameters: string[]): { code: number | null; output: string } {
  const { status, stdout, stderr } = spawnSync(command, parameters, { encoding: 'utf8' });
  return { code: status, output: `${stdout ?? ''}${stderr ?? ''}`.trim() };
}

/**
 * Imports commands with `--help`, one after another in this process, and prints what each of them did as JSON. With a
 * process for each command, the start of Node would take a second of CPU each time.
 */
import { pathToFileURL } from 'node:url';

const lines = JSON.parse(process.argv[2]!) as [name: string, file: string, ...parameters: string[]][];
const streams = { stdout: process.stdout, stderr: process.stderr };
const print = process.stdout.write.bind(process.stdout);
const results: Record<string, { code: number; stdout: string; stderr: string }> = {};

for (const [name, file, ...parameters] of lines) {
  const written = { stdout: '', stderr: '' };
  for (const stream of ['stdout', 'stderr'] as const) {
    streams[stream].setMaxListeners(0).write = (text: string | Uint8Array) => {
      written[stream] += text.toString();
      return true;
    };
  }
  process.argv = [process.execPath, file, ...parameters, '--help'];
  process.exitCode = undefined;
  // Another query makes Node evaluate the file again, for its next subcommand.
  await import(`${pathToFileURL(file).href}?${encodeURIComponent(name)}`);
  results[name] = { code: Number(process.exitCode ?? 0), ...written };
}
process.exitCode = 0;
print(JSON.stringify(results));

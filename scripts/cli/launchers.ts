import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

const pollMilliseconds = 250;

interface Process {
  parent: number;
  command: string;
}

/**
 * Calls `stop` once one of the processes that launched this one has ended. npx and pnpm run a command through shells,
 * and a shell does not pass SIGTERM on. Without this, ending `npx … start` would leave the airline running.
 */
export function whenLauncherEnds(stop: () => void): void {
  const launchers = [process.ppid, ...launchersAbove(process.ppid)];
  const timer = setInterval(() => {
    if (process.ppid === launchers[0] && launchers.every(isAlive)) return;
    clearInterval(timer);
    stop();
  }, pollMilliseconds);
  timer.unref();
}

/** The ancestors of a process that are npx, pnpm or a shell which runs one command for them, nearest first. */
function launchersAbove(pid: number): number[] {
  const current = describe(pid);
  if (!current || !/\b(npx|npm|pnpm)\b|^\S*sh -c /.test(current.command)) return [];
  const above = describe(current.parent);
  if (!above || !/\b(npx|npm|pnpm)\b/.test(above.command)) return [];
  return [current.parent, ...launchersAbove(current.parent)];
}

function describe(pid: number): Process | undefined {
  if (process.platform === 'win32' || pid <= 1) return undefined;
  try {
    if (process.platform === 'linux') {
      const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
      // The name in parentheses may contain anything, so the fields are counted from its end: state, then parent.
      const parent = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').pop()!.split(' ')[1];
      return { parent: Number(parent), command };
    }
    const { stdout } = spawnSync('ps', ['-o', 'ppid=,command=', '-p', String(pid)], { encoding: 'utf8' });
    const [, parent, command] = /^\s*(\d+)\s+(.*)/.exec(stdout) ?? [];
    return parent === undefined ? undefined : { parent: Number(parent), command: command! };
  } catch {
    // The process ended meanwhile, or this system hides it. The direct parent is watched all the same.
    return undefined;
  }
}

/** Whether a process with that id is running, under any user. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

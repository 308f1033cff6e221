/**
 * Makes Ctrl-C (and SIGTERM) abort a signal instead of ending the process. A second Ctrl-C ends the process at once.
 * @param notice printed on standard error when that happens
 */
export function stopOnSignal(notice: string): { signal: AbortSignal; release: () => void } {
  const stopping = new AbortController();
  const signals = ['SIGINT', 'SIGTERM'] as const;
  const release = (): void => {
    for (const signal of signals) process.off(signal, stop);
  };
  function stop(): void {
    release();
    console.error(`\n${notice}`);
    stopping.abort();
  }
  for (const signal of signals) process.on(signal, stop);
  return { signal: stopping.signal, release };
}

/** Lets Ctrl-C end a run between two messages. A second Ctrl-C ends the process at once. */
export function stopOnSignal(): { signal: AbortSignal; release: () => void } {
  const stopping = new AbortController();
  const signals = ['SIGINT', 'SIGTERM'] as const;
  const release = (): void => {
    for (const signal of signals) process.off(signal, stop);
  };
  function stop(): void {
    release();
    console.error('\nFinishing the messages in hand …');
    stopping.abort();
  }
  for (const signal of signals) process.on(signal, stop);
  return { signal: stopping.signal, release };
}

const closing = new AbortController();

/**
 * Aborted once the reader of standard output has closed it, as `head` does in `pnpm status ID --watch | head -1`. A
 * command that only shows something, or that runs until Ctrl-C, stops then. Every other command goes on to its end.
 */
export const outputClosed: AbortSignal = closing.signal;

/** EPIPE: a pipe without a reader. ECONNRESET: the same of a socket. EIO: a terminal that was closed. */
const closedCodes: ReadonlySet<string | undefined> = new Set(['EPIPE', 'ECONNRESET', 'EIO']);

/** Drops everything that is written to standard output or standard error after its reader has closed it. */
export function dropUnreadOutput(): void {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (!closedCodes.has(error.code)) throw error;
      if (stream === process.stdout) closing.abort();
    });
  }
}

/** dynalite comes without types. This is what is used of it. */
declare module 'dynalite' {
  import type { Server } from 'node:http';

  interface Options {
    /** How long a table stays in the state CREATING, in milliseconds; the others likewise. */
    createTableMs?: number;
    deleteTableMs?: number;
    updateTableMs?: number;
  }

  export default function dynalite(options?: Options): Server;
}

/** dynalite has no types of its own. These are the parts that the local cloud uses. */
declare module 'dynalite' {
  import type { Server } from 'node:http';

  interface Options {
    /** Milliseconds for which a table is in the state CREATING. */
    createTableMs?: number;
    /** Milliseconds for which a table is in the state DELETING. */
    deleteTableMs?: number;
    /** Milliseconds for which a table is in the state UPDATING. */
    updateTableMs?: number;
  }

  export default function dynalite(options?: Options): Server;
}

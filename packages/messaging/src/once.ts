/**
 * Runs a piece of work once for each operation of a booking, and remembers its result. A later call returns the result
 * without running the work again. The work returns a final result as plain JSON. It throws while the result may still
 * change: then nothing is remembered, and the next call runs the work again. A run that crashes during its work
 * remembers nothing, so the work may be done twice.
 * @param correlationId the booking
 * @param operation names the work, e.g. `charge`
 * @throws AlreadyInProgressError while another run does the work
 */
export type Once = <T>(correlationId: string, operation: string, work: () => Promise<T>) => Promise<T>;

/** Another run is doing this work. The message must be delivered again later. */
export class AlreadyInProgressError extends Error {
  override readonly name = 'AlreadyInProgressError';

  constructor(correlationId: string, operation: string, options?: ErrorOptions) {
    super(`The operation ${operation} of ${correlationId} is in progress in another run.`, options);
  }
}

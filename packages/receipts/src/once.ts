/**
 * Does something for a booking once, however often and by however many it is asked: afterwards the result is remembered. Work
 * that failed may be tried again. Work that crashed half way may be done twice, which no guard can prevent.
 * @throws Error when another run is doing it right now
 */
export type Once = <T>(bookingId: string, operation: string, work: () => Promise<T>) => Promise<T>;

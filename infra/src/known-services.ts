/**
 * The services that the platform knows by name: its dashboards show them, and its roles for commands reach their queues
 * and tables. The platform's stack is deployed before theirs. Add a new service here.
 */
export const knownServices = ['bookings', 'seats', 'payments', 'receipts', 'status'] as const;

export type KnownService = (typeof knownServices)[number];

/** Those that have a record of each booking, or its facts. */
export const bookingServices = knownServices.filter((service) => service !== 'bookings');

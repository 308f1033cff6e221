import type { Subscriptions } from '@airline/events-schemas/subscriptions';

export const subscriptions: Subscriptions = {
  Flights: { source: 'airline.flights', detailTypes: ['FlightScheduled'] },
};

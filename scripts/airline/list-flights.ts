import type { FlightFilters } from '../../packages/seats/src/flight-list.ts';
import type { Flight } from './schedule.ts';
import { jsonOf, type Target } from './target.ts';

export type ListedFlight = Flight & { seatCount: number };

/** The flights that have not departed, soonest first, page by page (`GET /flights`). */
export async function* flightsOnSale(
  target: Pick<Target, 'fetch'>,
  filters: FlightFilters = {},
): AsyncGenerator<ListedFlight, void> {
  const query = new URLSearchParams({ ...filters }).toString();
  let search: string | undefined = query === '' ? '' : `?${query}`;
  while (search !== undefined) {
    const response = await target.fetch(`/flights${search}`);
    yield* (await jsonOf<{ flights: ListedFlight[] }>(response)).flights;
    search = nextOf(response.headers.get('link'));
  }
}

/** All flights of {@link flightsOnSale}. */
export async function listFlights(target: Pick<Target, 'fetch'>, filters?: FlightFilters): Promise<ListedFlight[]> {
  const flights: ListedFlight[] = [];
  for await (const flight of flightsOnSale(target, filters)) flights.push(flight);
  return flights;
}

/** The query of the next page. Its path is ours, because a front door may serve the API below another path. */
function nextOf(link: string | null): string | undefined {
  const [, next] = /<([^>]*)>;\s*rel="next"/.exec(link ?? '') ?? [];
  return next === undefined ? undefined : new URL(next, 'http://localhost').search;
}

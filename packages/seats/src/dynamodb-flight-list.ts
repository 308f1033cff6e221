import { type DynamoDBDocumentClient, QueryCommand } from '@aws-sdk/lib-dynamodb';
import type { Flight } from './domain.ts';
import { dayOf, endOfDay, type FlightFilters, type FlightPage, positionOf, startOfDay } from './flight-list.ts';

/**
 * The indexes of the table: their partition key, and their sort key. Each lists its flights by departure. A day, a
 * route and a flight number are one partition each.
 */
export const flightIndexes: Record<
  'flights-by-day' | 'flights-by-route' | 'flights-by-number',
  [partitionKey: string, sortKey: string]
> = {
  'flights-by-day': ['departureDay', 'departure'],
  'flights-by-route': ['route', 'departure'],
  'flights-by-number': ['flightNumber', 'departure'],
};

/** The reads of one page. A page that needs more ends early, and its cursor continues. */
const maximumQueries = 20;
const maximumItemsRead = 1000;

/** The partition with an item for each day that has flights. Without it, a list would have to look at every day. */
const daysPartition = 'DAYS';

interface Partition {
  index: keyof typeof flightIndexes;
  value: string;
}

/** The attributes by which a flight is in the indexes. */
export function listingOf(flight: Flight): Record<string, string> {
  const departure = positionOf(flight);
  return {
    departure,
    departureDay: dayOf(departure),
    route: routeOf(flight.origin.iata, flight.destination.iata),
    flightNumber: flight.flightNumber,
  };
}

/** The item that says that a day has flights. It must be written before the first of them. */
export function dayItemOf(flight: Flight): { pk: string; sk: string } {
  return { pk: daysPartition, sk: dayOf(positionOf(flight)) };
}

/** Lists flights: see `SeatStore.listFlights`. */
export async function listFlights(
  { client, tableName }: { client: DynamoDBDocumentClient; tableName: string },
  filters: FlightFilters,
  after: string,
  limit: number,
): Promise<FlightPage> {
  const { origin, destination, date } = filters;
  let position = date === undefined ? after : later(after, startOfDay(date));
  const end = date === undefined ? '~' : endOfDay(date);
  // DynamoDB refuses a range that ends before it begins.
  if (position >= end) return { flights: [] };

  const single = partitionOf(filters);
  const partitions = single ? [single] : await daysFrom(dayOf(position));
  const filter = single?.index === 'flights-by-route' ? undefined : filterOf({ origin, destination });

  const found: { departure: string; flight: Flight }[] = [];
  const flights = (): Flight[] => found.map(({ flight }) => flight);
  let queriesLeft = maximumQueries;
  let itemsLeft = maximumItemsRead;
  for (const partition of partitions) {
    if (partition.index === 'flights-by-day') position = later(position, startOfDay(partition.value));
    for (;;) {
      if (queriesLeft === 0 || itemsLeft <= 0) return { flights: flights(), next: position };
      // One more than the page needs shows whether another page follows. A filter applies after the read.
      const wanted = limit + 1 - found.length;
      const {
        Items = [],
        ScannedCount = 0,
        LastEvaluatedKey,
      } = await client.send(
        new QueryCommand({
          TableName: tableName,
          IndexName: partition.index,
          // A character that is less than those of all flight ids, so that the position itself is not listed again.
          ...rangeOf(partition, `${position} `, end, filter),
          Limit: filter ? itemsLeft : Math.min(wanted, itemsLeft),
        }),
      );
      queriesLeft -= 1;
      itemsLeft -= ScannedCount;
      found.push(...(Items as typeof found));
      if (found.length > limit) {
        found.length = limit;
        return { flights: flights(), next: found.at(-1)!.departure };
      }
      if (!LastEvaluatedKey) break;
      position = LastEvaluatedKey.departure as string;
    }
  }
  return { flights: flights() };

  /** The first days with flights, one more than a page can read, so that the page knows where the next one begins. */
  async function daysFrom(day: string): Promise<Partition[]> {
    const { Items = [] } = await client.send(
      new QueryCommand({
        TableName: tableName,
        KeyConditionExpression: 'pk = :days AND sk >= :day',
        ExpressionAttributeValues: { ':days': daysPartition, ':day': day },
        Limit: maximumQueries + 1,
      }),
    );
    return Items.map(({ sk }) => ({ index: 'flights-by-day', value: sk as string }));
  }
}

/** The one partition that has all flights of the filters; undefined if they are on many days. */
function partitionOf({ flightNumber, origin, destination, date }: FlightFilters): Partition | undefined {
  if (flightNumber !== undefined) return { index: 'flights-by-number', value: flightNumber };
  if (origin !== undefined && destination !== undefined)
    return { index: 'flights-by-route', value: routeOf(origin, destination) };
  return date === undefined ? undefined : { index: 'flights-by-day', value: date };
}

interface Filter {
  expression: string;
  names: Record<string, string>;
  values: Record<string, string>;
}

function filterOf(airports: Record<'origin' | 'destination', string | undefined>): Filter | undefined {
  const given = Object.entries(airports).filter(([, value]) => value !== undefined) as [string, string][];
  if (given.length === 0) return undefined;
  return {
    expression: given.map(([name]) => `#flight.#${name}.#iata = :${name}`).join(' AND '),
    names: { '#flight': 'flight', '#iata': 'iata', ...Object.fromEntries(given.map(([name]) => [`#${name}`, name])) },
    values: Object.fromEntries(given.map(([name, value]) => [`:${name}`, value])),
  };
}

function rangeOf({ index, value }: Partition, from: string, end: string, filter: Filter | undefined) {
  const [partitionKey, sortKey] = flightIndexes[index];
  return {
    KeyConditionExpression: '#partition = :partition AND #sort BETWEEN :from AND :end',
    ...(filter && { FilterExpression: filter.expression }),
    ExpressionAttributeNames: { '#partition': partitionKey, '#sort': sortKey, ...filter?.names },
    ExpressionAttributeValues: { ':partition': value, ':from': from, ':end': end, ...filter?.values },
  };
}

function routeOf(origin: string, destination: string): string {
  return `${origin}#${destination}`;
}

function later(a: string, b: string): string {
  return a > b ? a : b;
}

import { readSchemaFiles } from '@airline/events-schemas/compatibility/contract';

interface EventData {
  properties: { reason?: { enum: string[] } };
}

/**
 * The schemas of the contract as components of an OpenAPI document, by name: every definition of common.json
 * (`bookingId` is `BookingId`), the data of `FlightScheduled` as `Flight`, the detail-types of a booking's events, and
 * all their reasons.
 */
export function contractSchemas(): Record<string, object> {
  const { 'common.json': common, ...events } = readSchemaFiles();
  const definitions = Object.entries((common as unknown as { $defs: Record<string, object> }).$defs);
  const data = new Map(
    Object.values(events).map((schema) => {
      const { title, properties } = schema as unknown as { title: string; properties: { data: EventData } };
      return [title, properties.data] as const;
    }),
  );
  const flight = 'FlightScheduled';
  const reasons = [...data.values()].flatMap(({ properties }) => properties.reason?.enum ?? []);
  return withComponentReferences({
    ...Object.fromEntries(definitions.map(([name, schema]) => [componentOf(name), schema])),
    Flight: { description: 'A flight as it is scheduled.', ...data.get(flight)! },
    BookingEvent: {
      description: 'An event about a booking.',
      type: 'string',
      enum: [...data.keys()].filter((name) => name !== flight),
    },
    FailureReason: {
      description: 'Why a participant said no, or took its yes back.',
      type: 'string',
      enum: [...new Set(reasons)].sort(),
    },
  });
}

function componentOf(definition: string): string {
  return `${definition.charAt(0).toUpperCase()}${definition.slice(1)}`;
}

function withComponentReferences<T>(schemas: T): T {
  const text = JSON.stringify(schemas, (name, value: unknown) =>
    name === '$ref'
      ? (value as string).replace(/^(common\.json)?#\/\$defs\/(\w+)/, (_, _file, definition: string) => {
          return `#/components/schemas/${componentOf(definition)}`;
        })
      : value,
  );
  return JSON.parse(text) as T;
}

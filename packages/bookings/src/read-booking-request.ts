import { findDataMistakes } from '@airline/events-schemas/find-mistakes';
import type { FieldError } from '@airline/messaging/http-response';
import type { BookingRequest } from './domain.ts';

type Json = Record<string, unknown>;

/** The part of a malformed request that can still be checked against the schedule. */
export type FlightAndSeats = Pick<BookingRequest, 'flightId' | 'seats'>;

export type Reading =
  | { kind: 'request'; request: BookingRequest }
  /** Without `readable` if the flightId is malformed. */
  | { kind: 'malformed'; errors: FieldError[]; readable?: FlightAndSeats };

/** The objects of the body, by JSON pointer, and their fields. */
const knownFields: Record<string, readonly string[]> = {
  '': ['flightId', 'seats', 'passenger', 'payment', 'customerId'],
  '/passenger': ['name', 'email'],
  '/payment': ['method'],
};

/** The free-text fields of the body. */
const textFields = ['/passenger/name', '/passenger/email', '/payment/method', '/customerId'];

/** The rule for each field. `*` stands for an index. */
const rules: Record<string, string> = {
  '/flightId': 'must be a flight number and its day of departure, such as KL1001-20261218',
  '/seats': 'must list one to nine seats, each once, such as ["12A","12B"]',
  '/seats/*': 'must be a row and a letter, such as 12A',
  '/passenger': 'must be an object with name and email',
  '/passenger/name': 'must be a name of 1 to 200 characters',
  '/passenger/email': 'must be an e-mail address, such as ada@example.com: at most 254 characters, and 64 before the @',
  '/payment': 'must be an object with method',
  '/payment/method': 'must be a payment method of the provider, such as pm_card_visa, of 1 to 200 characters',
  '/customerId': 'must be the id of a customer account, 1 to 200 characters; a guest leaves it out',
};

/** Fields whose value an error message may contain. No personal data and no payment method. */
const quotable = /^\/(flightId|customerId|seats(\/\d+)?)$/;

const maximumQuotedCharacters = 60;

/** Limits the work that a client can cause with a very long list of seats. */
const maximumSeatsChecked = 100;

/**
 * Returns the booking request in a JSON body, or all mistakes of the body. An unknown field is a mistake, because it
 * may be a misspelt one.
 */
export function readBookingRequest(body: unknown): Reading {
  if (!isObject(body)) {
    const message = `must be a JSON object with ${joinNames(knownFields['']!)}; it is ${formatValue(body)}`;
    return { kind: 'malformed', errors: [{ field: '', message }] };
  }
  const seats = Array.isArray(body.seats) ? body.seats.slice(0, maximumSeatsChecked) : body.seats;
  const all = [...unknownFields(body), ...unfitTexts(body), ...contractMistakes(body, seats), ...repeatedSeats(seats)];
  // Only the first message for each field: a malformed seat need not be reported as a repeated one too.
  const reported = new Set<string>();
  const errors = all.filter(({ field }) => !reported.has(field) && reported.add(field));
  if (errors.length === 0) return { kind: 'request', request: toRequest(body) };

  const { flightId } = body;
  if (typeof flightId !== 'string' || errors.some(({ field }) => field === '/flightId'))
    return { kind: 'malformed', errors };
  // A value that is not text becomes '', so that the other seats keep their index. It has an error already.
  const texts = Array.isArray(seats) ? seats.map((seat) => (typeof seat === 'string' ? seat : '')) : [];
  return { kind: 'malformed', errors, readable: { flightId, seats: texts } };
}

/** Formats a value for an error message: on one line, shortened, and without the content of an array or object. */
export function formatValue(value: unknown): string {
  if (Array.isArray(value)) return `an array of ${value.length}`;
  if (typeof value === 'object' && value !== null) return 'an object';
  const text = JSON.stringify(value);
  const characters = Array.from(text);
  if (characters.length <= maximumQuotedCharacters) return text;
  return `${characters.slice(0, maximumQuotedCharacters).join('')}… (${characters.length} characters)`;
}

/** Rebuilds a valid body with its fields in a fixed order, so that equal requests are equal as JSON text. */
function toRequest(body: Json): BookingRequest {
  const { flightId, seats, passenger, payment, customerId } = body as unknown as BookingRequest;
  return {
    flightId,
    seats,
    passenger: { name: passenger.name, email: passenger.email },
    payment: { method: payment.method },
    ...(customerId !== undefined && { customerId }),
  };
}

function unknownFields(body: Json): FieldError[] {
  return Object.entries(knownFields).flatMap(([pointer, known]) => {
    const object = valueAt(body, pointer);
    if (!isObject(object)) return [];
    const unknown = Object.keys(object).filter((name) => !known.includes(name));
    return unknown.map((name) => ({
      field: `${pointer}/${escapePointer(name)}`,
      message: whyUnknown(pointer, name, known),
    }));
  });
}

function whyUnknown(pointer: string, name: string, known: readonly string[]): string {
  if (pointer === '/payment' && (name === 'amountMinor' || name === 'currency')) {
    return 'must be left out: the fares of the flight determine it';
  }
  const owner = pointer === '' ? 'a booking request' : pointer.slice(1);
  return `is unknown: the fields of ${owner} are ${joinNames(known)}; leave it out`;
}

/** Checks the client's fields by the rules of the contract. The fields that this service adds get valid values. */
function contractMistakes(body: Json, seats: unknown): FieldError[] {
  const { flightId, passenger, payment, customerId } = body;
  const mistakes = findDataMistakes('BookingRequested', {
    bookingId: '00000000-0000-4000-8000-000000000000',
    flightId,
    seats,
    passenger,
    payment: isObject(payment) ? { ...payment, amountMinor: 1, currency: 'EUR' } : payment,
    customerId,
  });
  // The message of a field states its whole rule, so one message for each field is enough.
  const wrong = [...new Set(mistakes.map(({ path }) => path))].filter((field) => !isOnlyRepetition(field, seats));
  return wrong.map((field) => {
    const rule = rules[field.replace(/\/\d+$/, '/*')]!;
    const value = valueAt(body, field);
    if (value === undefined) return { field, message: `is missing: it ${rule}` };
    return { field, message: quotable.test(field) ? `${rule}; it is ${formatValue(value)}` : rule };
  });
}

/** For a repeated seat the contract reports the whole list. {@link repeatedSeats} reports the seats instead. */
function isOnlyRepetition(field: string, seats: unknown): boolean {
  return field === '/seats' && Array.isArray(seats) && seats.length >= 1 && seats.length <= 9;
}

function repeatedSeats(seats: unknown): FieldError[] {
  if (!Array.isArray(seats)) return [];
  const positions = new Map<unknown, [first: number, second?: number]>();
  seats.forEach((seat, position) =>
    positions.set(seat, positions.has(seat) ? [positions.get(seat)![0], position] : [position]),
  );
  return seats.flatMap((seat: unknown, position) => {
    const [first, last] = positions.get(seat)!;
    if (typeof seat !== 'string' || last === undefined) return [];
    const other = position === first ? last : first;
    const message = `lists ${formatValue(seat)}, which /seats/${other} lists too; list each seat only once`;
    return [{ field: `/seats/${position}`, message }];
  });
}

/** Text that SQS does not carry, or that would harm a mail or a log, although the contract allows it. */
const unfit = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\p{Noncharacter_Code_Point}]/u;

/**
 * A character that can be seen by itself. Not spaces, joiners, tags and fillers, nor marks without a letter. U+2800 is
 * a Braille pattern without dots.
 */
const visible = /[^\s\p{M}\p{Cf}\p{Default_Ignorable_Code_Point}\u2800]/u;

function unfitTexts(body: Json): FieldError[] {
  return textFields.flatMap((field) => {
    const value = valueAt(body, field);
    if (typeof value !== 'string') return [];
    if (unfit.test(value)) {
      return [{ field, message: 'must not contain control characters, line breaks or broken characters' }];
    }
    // Decoders write U+FFFD for bytes that they cannot read, e.g. for a name that was sent in Latin-1.
    if (value.includes('\ufffd')) {
      return [{ field, message: 'contains the replacement character U+FFFD: the text was not sent in UTF-8' }];
    }
    if (value !== '' && !visible.test(value)) return [{ field, message: `is blank: it ${rules[field]}` }];
    return [];
  });
}

function valueAt(body: Json, pointer: string): unknown {
  let value: unknown = body;
  for (const name of pointer.split('/').slice(1)) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined;
    value = (value as Json)[name];
  }
  return value;
}

/** RFC 6901. */
function escapePointer(name: string): string {
  return name.replaceAll('~', '~0').replaceAll('/', '~1');
}

function joinNames(names: readonly string[]): string {
  return names.length < 2 ? names.join() : `${names.slice(0, -1).join(', ')} and ${names[names.length - 1]}`;
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

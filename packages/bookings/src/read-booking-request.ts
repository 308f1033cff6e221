import { findDataMistakes } from '@airline/events-schemas/parse-event';
import type { FieldError } from '@airline/messaging/http-response';
import type { BookingRequest } from './domain.ts';

type Json = Record<string, unknown>;

/** What can still be looked up for a body with mistakes, so that its client hears of all of them at once. */
export type Asked = Pick<BookingRequest, 'flightId' | 'seats'>;

export type Reading =
  | { kind: 'request'; request: BookingRequest }
  /** `asked` is left out when not even the flight can be looked up. */
  | { kind: 'malformed'; errors: FieldError[]; asked?: Asked };

/** Objects of the body by JSON pointer, and their fields. */
const knownFields: Record<string, readonly string[]> = {
  '': ['flightId', 'seats', 'passenger', 'payment', 'customerId'],
  '/passenger': ['name', 'email'],
  '/payment': ['method'],
};

/** Free text of the body. */
const texts = ['/passenger/name', '/passenger/email', '/payment/method', '/customerId'];

/** What each field must be; `*` stands for a position. */
const rules: Record<string, string> = {
  '/flightId': 'must be a flight number and its day of departure, such as KL1001-20261218',
  '/seats': 'must list one to nine seats, each once, such as ["12A","12B"]',
  '/seats/*': 'must be a row and a letter, such as 12A',
  '/passenger': 'must be an object with name and email',
  '/passenger/name': 'must be a name of 1 to 200 characters',
  '/passenger/email': 'must be an e-mail address of at most 254 characters, such as ada@example.com',
  '/payment': 'must be an object with method',
  '/payment/method': 'must be a payment method of the provider, such as pm_card_visa, of 1 to 200 characters',
  '/customerId': 'must be the id of a customer account, 1 to 200 characters; a guest leaves it out',
};

/** Fields whose value a message may repeat: nothing that names the passenger or their card. */
const shown = /^\/(flightId|customerId|seats(\/\d+)?)$/;

const longestShown = 60;

/** A list that is far too long is not looked through: a client could make the desk busy with it. */
const seatsLookedAt = 100;

/** The booking request in a JSON body, or every mistake in it. An unknown field is one too: it may be a known one misspelt. */
export function readBookingRequest(body: unknown): Reading {
  if (!isObject(body)) {
    const message = `must be a JSON object with ${listed(knownFields['']!)}; it is ${describe(body)}`;
    return { kind: 'malformed', errors: [{ field: '', message }] };
  }
  const seats = Array.isArray(body.seats) ? body.seats.slice(0, seatsLookedAt) : body.seats;
  const all = [...unknownFields(body), ...contractMistakes(body, seats), ...repeatedSeats(seats), ...unfitTexts(body)];
  // One message a field: a seat that is no seat need not hear that it is also there twice.
  const named = new Set<string>();
  const errors = all.filter(({ field }) => !named.has(field) && named.add(field));
  if (errors.length === 0) return { kind: 'request', request: toRequest(body) };

  const { flightId } = body;
  if (typeof flightId !== 'string' || errors.some(({ field }) => field === '/flightId'))
    return { kind: 'malformed', errors };
  // A seat that is no seat keeps its position; its mistake is named already.
  const asked = Array.isArray(seats) ? seats.map((seat) => (typeof seat === 'string' ? seat : '')) : [];
  return { kind: 'malformed', errors, asked: { flightId, seats: asked } };
}

/** A value for a message: short, on one line, and never a whole structure. */
export function describe(value: unknown): string {
  if (Array.isArray(value)) return `an array of ${value.length}`;
  if (typeof value === 'object' && value !== null) return 'an object';
  const text = JSON.stringify(value);
  const characters = Array.from(text);
  if (characters.length <= longestShown) return text;
  return `${characters.slice(0, longestShown).join('')}… (${characters.length} characters)`;
}

/** A body without mistakes, rebuilt: the order of its fields is always the same, so that equal requests are equal as text. */
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
    return 'is not for the client to say: the scheduled fares price the booking; leave it out';
  }
  const owner = pointer === '' ? 'a booking request' : pointer.slice(1);
  return `is unknown: the fields of ${owner} are ${listed(known)}; leave it out`;
}

/** The contract's own rules for the fields that go into the event as they came; what the desk adds is filled in. */
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
  // One message a field says all of its rule, however much of it is broken.
  const wrong = [...new Set(mistakes.map(({ path }) => path))].filter((field) => !isOnlyRepetition(field, seats));
  return wrong.map((field) => {
    const rule = rules[field.replace(/\/\d+$/, '/*')]!;
    const value = valueAt(body, field);
    if (value === undefined) return { field, message: `is missing: it ${rule}` };
    return { field, message: shown.test(field) ? `${rule}; it is ${describe(value)}` : rule };
  });
}

/** The contract points at the whole list when a seat is in it twice; {@link repeatedSeats} points at the seats. */
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
    const message = `asks for ${describe(seat)}, and so does /seats/${other}; name each seat once`;
    return [{ field: `/seats/${position}`, message }];
  });
}

/** What the contract lets pass and no one means: it would end up in a mail or a log. */
function unfitTexts(body: Json): FieldError[] {
  return texts.flatMap((field) => {
    const value = valueAt(body, field);
    if (typeof value !== 'string') return [];
    if (/[\p{Cc}\p{Cs}\p{Zl}\p{Zp}]/u.test(value)) {
      return [{ field, message: 'must not contain control characters, line breaks or broken characters' }];
    }
    if (value.trim() === '') return [{ field, message: `is blank: it ${rules[field]}` }];
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

function listed(names: readonly string[]): string {
  return names.length < 2 ? names.join() : `${names.slice(0, -1).join(', ')} and ${names[names.length - 1]}`;
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

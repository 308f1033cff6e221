const pattern = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

/**
 * The one way to write a booking id: a UUID of version 4 in small letters. Capitals name the same booking (RFC 9562,
 * section 4), so every entrance (HTTP, command line, events) reads ids with this function.
 * @returns undefined for text that is no booking id
 */
export function readBookingId(text: string): string | undefined {
  const id = text.toLowerCase();
  return pattern.test(id) ? id : undefined;
}

// Generated from events-schemas/schemas by `pnpm contracts`. Do not edit.

/** Every event: its producer's source, and the paths below `data` that hold personal data ("x-personal"). */
export const catalogue = {
  /** The customer cancelled the booking. Seats and payments each answer no, or take their yes back. */
  BookingCancelled: {"source":"airline.bookings","schemaVersion":1,"metadataRequired":false,"personal":[]},
  /** A customer requests seats and gives a payment method. Seats and payments each answer exactly once. */
  BookingRequested: {"source":"airline.bookings","schemaVersion":1,"metadataRequired":false,"personal":[["passenger","name"],["passenger","email"]]},
  /** A flight that can be booked, with its route, time, cabins and fares. Published again when the schedule changes. */
  FlightScheduled: {"source":"airline.flights","schemaVersion":1,"metadataRequired":false,"personal":[]},
  /** Payments answers no: nothing is charged for this booking. */
  PaymentFailed: {"source":"airline.payments","schemaVersion":1,"metadataRequired":true,"personal":[]},
  /** Payments answers yes: the fare is captured. */
  PaymentOk: {"source":"airline.payments","schemaVersion":1,"metadataRequired":true,"personal":[]},
  /** Payments takes its yes back: the captured fare is refunded. */
  PaymentRefunded: {"source":"airline.payments","schemaVersion":1,"metadataRequired":true,"personal":[]},
  /** The receipt of a confirmed booking was mailed. */
  ReceiptIssued: {"source":"airline.receipts","schemaVersion":1,"metadataRequired":true,"personal":[]},
  /** Seats answers yes: every requested seat is held for this booking. */
  SeatBooked: {"source":"airline.seats","schemaVersion":1,"metadataRequired":true,"personal":[]},
  /** Seats takes its yes back: the seats are free again. */
  SeatReleased: {"source":"airline.seats","schemaVersion":1,"metadataRequired":true,"personal":[]},
  /** Seats answers no: no seat is held for this booking. */
  SeatUnavailable: {"source":"airline.seats","schemaVersion":1,"metadataRequired":true,"personal":[]},
} as const;

/** The patterns of schemas/common.json, by the name of their definition. */
export const patterns: Readonly<Record<string, string>> = {
  bookingId: "^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-4[0-9a-fA-F]{3}-[89abAB][0-9a-fA-F]{3}-[0-9a-fA-F]{12}$",
  flightId: "^[A-Z0-9]{2,3}[0-9]{1,4}[A-Z]?-[0-9]{8}$",
  flightNumber: "^[A-Z0-9]{2,3}[0-9]{1,4}[A-Z]?$",
  seat: "^[1-9][0-9]{0,2}[A-Z]$",
  currency: "^[A-Z]{3}$",
  time: "^(19[7-9][0-9]|[2-8][0-9]{3}|9[0-8][0-9]{2}|99[0-8][0-9]|999[0-8])-[0-9]{2}-[0-9]{2}T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\\.[0-9]{1,9})?(Z|[+-]([01][0-9]|2[0-3]):[0-5][0-9])$",
  text50: "^[^\\u0000-\\u0008\\u000b\\u000c\\u000e-\\u001f\\ud800-\\udfff\\ufffe\\uffff]*$",
  text100: "^[^\\u0000-\\u0008\\u000b\\u000c\\u000e-\\u001f\\ud800-\\udfff\\ufffe\\uffff]*$",
  text200: "^[^\\u0000-\\u0008\\u000b\\u000c\\u000e-\\u001f\\ud800-\\udfff\\ufffe\\uffff]*$",
  text255: "^[^\\u0000-\\u0008\\u000b\\u000c\\u000e-\\u001f\\ud800-\\udfff\\ufffe\\uffff]*$",
  email: "^(?=[^@]{1,64}@)[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*@([A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?\\.)+[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?$",
};

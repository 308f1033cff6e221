// Generated from events-schemas/schemas by `pnpm contracts`. Do not edit.

/** Every event: its producer's source, and the paths below `data` that hold personal data ("x-personal"). */
export const catalogue = {
  /** The customer does not want the booking any more. Seats and payments each answer no, or take their yes back. */
  BookingCancelled: {"source":"airline.bookings","schemaVersion":1,"metadataRequired":false,"personal":[]},
  /** A customer asks for seats and says how to pay. Seats and payments each answer it exactly once. */
  BookingRequested: {"source":"airline.bookings","schemaVersion":1,"metadataRequired":false,"personal":[["passenger","name"],["passenger","email"]]},
  /** A flight can be booked: its route, time, cabins and fares. Said again when the schedule changes. */
  FlightScheduled: {"source":"airline.flights","schemaVersion":1,"metadataRequired":false,"personal":[]},
  /** Payments says no: nothing is charged for this booking. */
  PaymentFailed: {"source":"airline.payments","schemaVersion":1,"metadataRequired":true,"personal":[]},
  /** Payments says yes: the fare is captured. */
  PaymentOk: {"source":"airline.payments","schemaVersion":1,"metadataRequired":true,"personal":[]},
  /** Payments takes its yes back: the captured fare is returned. */
  PaymentRefunded: {"source":"airline.payments","schemaVersion":1,"metadataRequired":true,"personal":[]},
  /** The receipt of a confirmed booking was mailed. */
  ReceiptIssued: {"source":"airline.receipts","schemaVersion":1,"metadataRequired":true,"personal":[]},
  /** Seats says yes: every seat asked for is held for this booking. */
  SeatBooked: {"source":"airline.seats","schemaVersion":1,"metadataRequired":true,"personal":[]},
  /** Seats takes its yes back: the seats are free again. */
  SeatReleased: {"source":"airline.seats","schemaVersion":1,"metadataRequired":true,"personal":[]},
  /** Seats says no: nothing is held for this booking. */
  SeatUnavailable: {"source":"airline.seats","schemaVersion":1,"metadataRequired":true,"personal":[]},
} as const;

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

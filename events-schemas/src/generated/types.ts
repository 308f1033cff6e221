// Generated from events-schemas/schemas by `pnpm contracts`. Do not edit.

/**
 * One to nine seats of one flight.
 *
 * @minItems 1
 * @maxItems 9
 *
 * Items: Row and letter, e.g. 12A.
 */
export type Seats = string[];

export interface EventDetails {
  BookingCancelled: BookingCancelled;
  BookingRequested: BookingRequested;
  FlightScheduled: FlightScheduled;
  PaymentFailed: PaymentFailed;
  PaymentOk: PaymentOk;
  PaymentRefunded: PaymentRefunded;
  ReceiptIssued: ReceiptIssued;
  SeatBooked: SeatBooked;
  SeatReleased: SeatReleased;
  SeatUnavailable: SeatUnavailable;
}
/**
 * The customer cancelled the booking. Seats and payments each answer no, or take their yes back.
 */
export interface BookingCancelled {
  metadata?: OutsideMetadata;
  data: {
    /**
     * Random UUID, version 4 (RFC 9562). Anyone who knows it can see the booking, so it is never a counter or a timestamp. Capitals name the same booking; readers write it in small letters.
     */
    bookingId: string;
    /**
     * RFC 3339 with a capital T, and Z or an offset. Years 1970 to 9998, no leap second, so every reader can compute with it. This project writes UTC.
     */
    cancelledAt: string;
  };
}
/**
 * Metadata of a producer outside the project, who may leave out any field. What can be derived is derived on arrival.
 */
export interface OutsideMetadata {
  /**
   * Derived, never random: <bookingId>.<detail-type>, plus a step where a type can recur. A repeated publish has the same id.
   */
  eventId?: string;
  /**
   * The bookingId. For FlightScheduled: the flightId.
   */
  correlationId?: string;
  /**
   * eventId of the event that caused this one. Absent when no event caused it.
   */
  causationId?: string;
  /**
   * RFC 3339 with a capital T, and Z or an offset. Years 1970 to 9998, no leap second, so every reader can compute with it. This project writes UTC.
   */
  occurredAt?: string;
  /**
   * The service that published the event, e.g. seats.
   */
  service?: string;
  /**
   * Major version of the schema of this detail-type.
   */
  schemaVersion?: number;
  /**
   * traceparent of W3C Trace Context.
   */
  traceparent?: string;
}
/**
 * A customer requests seats and gives a payment method. Seats and payments each answer exactly once.
 */
export interface BookingRequested {
  metadata?: OutsideMetadata;
  data: {
    /**
     * Random UUID, version 4 (RFC 9562). Anyone who knows it can see the booking, so it is never a counter or a timestamp. Capitals name the same booking; readers write it in small letters.
     */
    bookingId: string;
    /**
     * Flight number and departure day, e.g. KL1001-20261218.
     */
    flightId: string;
    seats: Seats;
    passenger: {
      /**
       * Text of 1 to 200 characters that SQS carries: no control characters but tab and line breaks, no lone surrogates, not U+FFFE or U+FFFF.
       */
      name: string;
      /**
       * Mailbox of RFC 5321 with a dot-string of at most 64 characters and a domain name.
       */
      email: string;
    };
    /**
     * The account of the customer who requested the booking, if there is one.
     */
    customerId?: string;
    payment: {
      /**
       * Payment method of the provider, e.g. pm_card_visa.
       */
      method: string;
      /**
       * Amount in the minor unit of its currency (cents for EUR).
       */
      amountMinor: number;
      /**
       * ISO 4217 code.
       */
      currency: string;
    };
    /**
     * RFC 3339 with a capital T, and Z or an offset. Years 1970 to 9998, no leap second, so every reader can compute with it. This project writes UTC.
     */
    requestedAt?: string;
    /**
     * RFC 3339 with a capital T, and Z or an offset. Years 1970 to 9998, no leap second, so every reader can compute with it. This project writes UTC.
     */
    expiresAt?: string;
  };
}
/**
 * A flight that can be booked, with its route, time, cabins and fares. Published again when the schedule changes.
 */
export interface FlightScheduled {
  metadata?: OutsideMetadata;
  data: {
    /**
     * Flight number and departure day, e.g. KL1001-20261218.
     */
    flightId: string;
    /**
     * IATA or ICAO airline code.
     */
    carrier: string;
    /**
     * Carrier code and number, e.g. KL1001.
     */
    flightNumber: string;
    origin: Airport;
    destination: Airport;
    /**
     * RFC 3339 with a capital T, and Z or an offset. Years 1970 to 9998, no leap second, so every reader can compute with it. This project writes UTC.
     */
    departureTime: string;
    durationMinutes: number;
    /**
     * Text of 1 to 100 characters that SQS carries: no control characters but tab and line breaks, no lone surrogates, not U+FFFE or U+FFFF.
     */
    aircraft: string;
    /**
     * @minItems 1
     * @maxItems 8
     */
    cabins: {
      /**
       * Name of the cabin, e.g. economy.
       */
      cabin: string;
      rows: {
        first: number;
        last: number;
      };
      /**
       * Seat letters of every row of the cabin, in order.
       *
       * @minItems 1
       * @maxItems 26
       */
      letters: string[];
      /**
       * Price of one seat of the cabin.
       */
      fare: {
        /**
         * Amount in the minor unit of its currency (cents for EUR).
         */
        amountMinor: number;
        /**
         * ISO 4217 code.
         */
        currency: string;
      };
    }[];
  };
}
export interface Airport {
  /**
   * IATA airport code.
   */
  iata: string;
  /**
   * Text of 1 to 100 characters that SQS carries: no control characters but tab and line breaks, no lone surrogates, not U+FFFE or U+FFFF.
   */
  city: string;
  /**
   * Text of 1 to 100 characters that SQS carries: no control characters but tab and line breaks, no lone surrogates, not U+FFFE or U+FFFF.
   */
  country: string;
}
/**
 * Payments answers no: nothing is charged for this booking.
 */
export interface PaymentFailed {
  metadata: Metadata;
  data: {
    /**
     * Random UUID, version 4 (RFC 9562). Anyone who knows it can see the booking, so it is never a counter or a timestamp. Capitals name the same booking; readers write it in small letters.
     */
    bookingId: string;
    reason: 'declined' | 'expired' | 'seat-unavailable' | 'hold-expired' | 'cancelled';
    /**
     * Text of 1 to 100 characters that SQS carries: no control characters but tab and line breaks, no lone surrogates, not U+FFFE or U+FFFF.
     */
    declineCode?: string;
  };
}
/**
 * The event's id, producer, time and cause.
 */
export interface Metadata {
  /**
   * Derived, never random: <bookingId>.<detail-type>, plus a step where a type can recur. A repeated publish has the same id.
   */
  eventId: string;
  /**
   * Text of 1 to 100 characters that SQS carries: no control characters but tab and line breaks, no lone surrogates, not U+FFFE or U+FFFF.
   */
  correlationId: string;
  /**
   * eventId of the event that caused this one. Absent when no event caused it.
   */
  causationId?: string;
  /**
   * RFC 3339 with a capital T, and Z or an offset. Years 1970 to 9998, no leap second, so every reader can compute with it. This project writes UTC.
   */
  occurredAt: string;
  /**
   * The service that published the event, e.g. seats.
   */
  service: string;
  /**
   * Major version of the schema of this detail-type.
   */
  schemaVersion: number;
  /**
   * traceparent of W3C Trace Context.
   */
  traceparent?: string;
}
/**
 * Payments answers yes: the fare is captured.
 */
export interface PaymentOk {
  metadata: Metadata;
  data: {
    /**
     * Random UUID, version 4 (RFC 9562). Anyone who knows it can see the booking, so it is never a counter or a timestamp. Capitals name the same booking; readers write it in small letters.
     */
    bookingId: string;
    /**
     * The provider's id of the payment.
     */
    paymentId: string;
    /**
     * Amount in the minor unit of its currency (cents for EUR).
     */
    amountMinor: number;
    /**
     * ISO 4217 code.
     */
    currency: string;
    /**
     * RFC 3339 with a capital T, and Z or an offset. Years 1970 to 9998, no leap second, so every reader can compute with it. This project writes UTC.
     */
    paidAt: string;
  };
}
/**
 * Payments takes its yes back: the captured fare is refunded.
 */
export interface PaymentRefunded {
  metadata: Metadata;
  data: {
    /**
     * Random UUID, version 4 (RFC 9562). Anyone who knows it can see the booking, so it is never a counter or a timestamp. Capitals name the same booking; readers write it in small letters.
     */
    bookingId: string;
    /**
     * The provider's id of the payment.
     */
    paymentId: string;
    /**
     * The provider's id of the refund.
     */
    refundId: string;
    /**
     * Amount in the minor unit of its currency (cents for EUR).
     */
    amountMinor: number;
    /**
     * ISO 4217 code.
     */
    currency: string;
    reason: 'expired' | 'seat-unavailable' | 'hold-expired' | 'cancelled';
  };
}
/**
 * The receipt of a confirmed booking was mailed.
 */
export interface ReceiptIssued {
  metadata: Metadata;
  data: {
    /**
     * Random UUID, version 4 (RFC 9562). Anyone who knows it can see the booking, so it is never a counter or a timestamp. Capitals name the same booking; readers write it in small letters.
     */
    bookingId: string;
    /**
     * Text of 1 to 50 characters that SQS carries: no control characters but tab and line breaks, no lone surrogates, not U+FFFE or U+FFFF.
     */
    receiptNumber: string;
    /**
     * RFC 3339 with a capital T, and Z or an offset. Years 1970 to 9998, no leap second, so every reader can compute with it. This project writes UTC.
     */
    issuedAt: string;
  };
}
/**
 * Seats answers yes: every requested seat is held for this booking.
 */
export interface SeatBooked {
  metadata: Metadata;
  data: {
    /**
     * Random UUID, version 4 (RFC 9562). Anyone who knows it can see the booking, so it is never a counter or a timestamp. Capitals name the same booking; readers write it in small letters.
     */
    bookingId: string;
    /**
     * Flight number and departure day, e.g. KL1001-20261218.
     */
    flightId: string;
    seats: Seats;
    /**
     * Amount in the minor unit of its currency (cents for EUR).
     */
    amountMinor: number;
    /**
     * ISO 4217 code.
     */
    currency: string;
    /**
     * RFC 3339 with a capital T, and Z or an offset. Years 1970 to 9998, no leap second, so every reader can compute with it. This project writes UTC.
     */
    holdExpiresAt?: string;
  };
}
/**
 * Seats takes its yes back: the seats are free again.
 */
export interface SeatReleased {
  metadata: Metadata;
  data: {
    /**
     * Random UUID, version 4 (RFC 9562). Anyone who knows it can see the booking, so it is never a counter or a timestamp. Capitals name the same booking; readers write it in small letters.
     */
    bookingId: string;
    /**
     * Flight number and departure day, e.g. KL1001-20261218.
     */
    flightId: string;
    seats: Seats;
    reason: 'payment-failed' | 'hold-expired' | 'cancelled';
  };
}
/**
 * Seats answers no: no seat is held for this booking.
 */
export interface SeatUnavailable {
  metadata: Metadata;
  data: {
    /**
     * Random UUID, version 4 (RFC 9562). Anyone who knows it can see the booking, so it is never a counter or a timestamp. Capitals name the same booking; readers write it in small letters.
     */
    bookingId: string;
    /**
     * Flight number and departure day, e.g. KL1001-20261218.
     */
    flightId: string;
    seats: Seats;
    /**
     * The requested seats that caused the refusal. Empty when the reason is not about single seats.
     *
     * @maxItems 9
     *
     * Items: Row and letter, e.g. 12A.
     */
    unavailableSeats: string[];
    reason:
      'taken' | 'unknown-flight' | 'unknown-seat' | 'departed' | 'fare-mismatch' | 'expired' | 'payment-failed' | 'cancelled';
  };
}

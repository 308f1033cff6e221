/**
 * The suites share one airline, because its start takes as long as a suite. Their order matters: the operator's suite expects
 * no disagreement and no dead letter but its own, and the others leave both behind. The bookings' suite stops the airline.
 */
import './suites/operator.ts';
import './suites/cancellation.ts';
import './suites/booking.ts';

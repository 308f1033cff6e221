/**
 * The suites share one airline, because its start takes as long as a suite. Their order matters. The suite of the
 * operator expects no disagreement and no dead letter except its own, and so does the smoke test. The other suites
 * leave both behind. The suite of the bookings stops the airline.
 */
import './suites/operator.ts';
import './suites/smoke.ts';
import './suites/cancellation.ts';
import './suites/front-door.ts';
import './suites/booking.ts';

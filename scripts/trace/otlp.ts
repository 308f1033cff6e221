import type { Trace } from './trace-booking.ts';
export function otlpOf(trace: Trace, airline: string): unknown {
  return { trace, airline };
}

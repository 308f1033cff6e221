import * as validators from './generated/all-errors-validators.ts';
import type { Mistake } from './mistake.ts';
import { dataMistakes } from './validation.ts';

/**
 * All mistakes in the `data` of an event that people write. The caller bounds what it checks; for a message of any size
 * use `findFirstMistake`.
 * @param prefix of the paths
 */
export function findDataMistakes(type: 'BookingRequested' | 'FlightScheduled', data: unknown, prefix = ''): Mistake[] {
  return dataMistakes(validators[type], type, data, prefix);
}

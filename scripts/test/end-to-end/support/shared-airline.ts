import { afterAll } from '@jest/globals';
import { RunningAirline } from './running-airline.ts';

let started: Promise<RunningAirline> | undefined;

/** The one airline of all suites in this test file. Its holds end soon after their booking has expired. */
export function sharedAirline(): Promise<RunningAirline> {
  return (started ??= RunningAirline.start({ holdGraceSeconds: 1 }));
}

afterAll(async () => {
  await (await started)?.stop();
});

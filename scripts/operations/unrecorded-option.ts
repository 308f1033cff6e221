import { Option } from 'commander';

export interface Unrecorded {
  unrecorded?: true;
}

/** For the commands that record what they change. */
export function unrecordedOption(): Option {
  return new Option(
    '--unrecorded',
    'with --confirm: do it without a record for `pnpm operations`, if it must not wait',
  );
}

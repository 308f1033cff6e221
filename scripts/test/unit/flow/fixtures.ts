import type { FlowEvent } from '../../../flow/flow.ts';

/** An event of seats that nobody hears. */
export function anEvent(detailType: string, differences: Partial<FlowEvent>): FlowEvent {
  return {
    detailType,
    source: 'airline.seats',
    owner: 'seats',
    description: 'What happened.',
    schema: `${detailType}.v1.json`,
    saidBy: ['seats'],
    fromOutside: false,
    heardBy: [],
    reads: {},
    personal: [],
    example: {},
    ...differences,
  };
}

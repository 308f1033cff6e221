import { isDeepStrictEqual } from 'node:util';
import type { Participant, Story, StoryStep } from '../../packages/simulation/src/story.ts';

/** The order in which participants stand side by side. */
const participants: readonly Participant[] = [
  'customer',
  'bookings',
  'seats',
  'payments',
  'Stripe',
  'receipts',
  'status',
];

/** Recorded stories as a page with one sequence diagram of Mermaid each. */
export function storiesPage(stories: readonly Story[]): string {
  return [
    '# Stories',
    'Recorded by `pnpm flow --write`: the real handlers took these steps in the simulation, and the rules of the templates ' +
      'delivered the events. Do not edit.',
    'An arrow is an event that a service received, or a request to somebody outside. A dashed arrow is an event that the ' +
      'receiver had received before. A note on one service is the new state of its record. Services work side by side, so ' +
      'other orders of the same arrows are as normal as these.',
    ...stories.flatMap((story) => [
      `## ${story.title}`,
      story.what,
      `In the end: ${story.outcomes.join(' · ')}.`,
      `\`\`\`mermaid\n${sequenceOf(story)}\n\`\`\``,
    ]),
  ]
    .join('\n\n')
    .concat('\n');
}

/** A story as a sequence diagram of Mermaid. */
function sequenceOf(story: Pick<Story, 'steps'>): string {
  const named = participantsOf(story);
  return [
    'sequenceDiagram',
    ...named.map((name) => `  participant ${name}`),
    ...countedSteps(story).map(({ step, count }) => `  ${lineOf(step, named)}${count > 1 ? ` (${count} times)` : ''}`),
  ].join('\n');
}

/** Who takes part in a story, in the order in which they stand side by side. */
export function participantsOf({ steps }: Pick<Story, 'steps'>): Participant[] {
  const present = new Set(steps.flatMap(participantsOfStep));
  return participants.filter((name) => present.has(name));
}

/** Equal steps in a row become one, with their number. */
export function countedSteps({ steps }: Pick<Story, 'steps'>): { step: StoryStep; count: number }[] {
  const counted: { step: StoryStep; count: number }[] = [];
  for (const step of steps) {
    const last = counted.at(-1);
    if (last && isDeepStrictEqual(last.step, step)) last.count += 1;
    else counted.push({ step, count: 1 });
  }
  return counted;
}

function participantsOfStep(step: StoryStep): Participant[] {
  if (step.kind === 'remark') return [];
  return 'service' in step ? [step.service] : [step.from, step.to];
}

function lineOf(step: StoryStep, named: readonly Participant[]): string {
  switch (step.kind) {
    case 'event':
      return `${step.from}${step.again ? '--)' : '-)'}${step.to}: ${escape(step.text)}`;
    case 'call':
      return `${step.from}->>${step.to}: ${escape(step.text)}${step.answer === undefined ? '' : `, answer: ${escape(step.answer)}`}`;
    case 'timer':
      return `${step.service}-)${step.service}: ${escape(step.text)}`;
    case 'state':
      return `Note over ${step.service}: ${escape(step.text)}`;
    case 'failure':
      return `Note over ${step.service}: ✗ ${escape(step.text)}`;
    case 'remark':
      return `Note over ${[...new Set([named[0], named.at(-1)])].join(',')}: ${escape(step.text)}`;
  }
}

/** A semicolon ends a statement of Mermaid, and a hash begins an entity. */
function escape(text: string): string {
  return text.replaceAll('#', '#35;').replaceAll(';', '#59;');
}

import type { Contract } from '@airline/events-schemas/compatibility/contract';
import { type Listeners, listenersBy } from '../../packages/simulation/src/bus.ts';
import { exploreScope } from '../../packages/simulation/src/exhaustive.ts';
import { quickScopes } from '../../packages/simulation/src/scopes.ts';
import { storyScripts } from '../../packages/simulation/src/stories.ts';
import { recordStory, type Story } from '../../packages/simulation/src/story.ts';
import { findRuleMistakes } from '../contracts/check-rules.ts';
import type { Flow } from './flow.ts';

/** In lines. */
const longestTrace = 40;

/** The listeners that the rules of a flow make in the simulation. */
export function listenersOfFlow({ services }: Pick<Flow, 'services'>): Listeners {
  return listenersBy(services.flatMap(({ name, rules }) => rules.map(({ pattern }) => ({ service: name, pattern }))));
}

/** Tells every story with the rules of a flow. */
export async function tellStories(flow: Flow): Promise<Story[]> {
  const listeners = listenersOfFlow(flow);
  const stories: Story[] = [];
  for (const script of storyScripts()) stories.push(await recordStory(script, listeners));
  return stories;
}

/** What is wrong with who says and who hears, each as a sentence with what to do. */
export function findFlowMistakes({ services, events }: Flow, contract: Contract): string[] {
  const known = new Set(events.map(({ detailType }) => detailType));
  const silent = new Map(
    events
      .filter(({ saidBy, fromOutside }) => saidBy.length === 0 && !fromOutside)
      .map((event) => [event.detailType, event]),
  );
  const subscriptions = (service: string): string => `packages/${service}/src/subscriptions.ts`;
  return [
    ...services.flatMap(({ name, stack, rules }) =>
      rules.flatMap(({ name: rule, pattern, detailTypes }) => [
        ...findRuleMistakes({ stack, name: rule, pattern, bus: true, hasQueue: true }, contract).map(
          (mistake) => `${mistake} Correct ${subscriptions(name)}.`,
        ),
        ...detailTypes
          .filter((detailType) => silent.has(detailType))
          .map((detailType) => `${stack}: rule ${rule} hears ${detailType}, but no function may publish it.`),
      ]),
    ),
    ...[...silent.values()].map(
      ({ detailType, owner, schema }) =>
        `${detailType} is in the contract, but no function may publish it. Add it to \`says\` in ` +
        `packages/${owner}/infra/stack.ts, or delete events-schemas/schemas/${schema}.`,
    ),
    ...services.flatMap(({ name, says }) =>
      says
        .filter((detailType) => !known.has(detailType))
        .map(
          (detailType) =>
            `${name} may publish ${detailType}, which the contract does not have. Add its schema to ` +
            `events-schemas/schemas, or take it out of packages/${name}/infra/stack.ts.`,
        ),
    ),
    ...events
      .filter(({ heardBy }) => heardBy.length === 0)
      .map(
        ({ detailType, source }) =>
          `${detailType} of ${source} has no listener: no rule hears it. Add it to the src/subscriptions.ts of the ` +
          'service that needs it, or stop publishing it.',
      ),
  ];
}

/**
 * How a booking can end without a settled answer if the bus has the rules of this flow, each as a sentence. It visits
 * every interleaving of small scopes, up to the first that fails, and looks at the end of each story. CI searches
 * larger scopes (`pnpm simulate --exhaustive`).
 */
export async function findUnsettledEnds(flow: Flow, stories: readonly Story[]): Promise<string[]> {
  const listeners = listenersOfFlow(flow);
  const unsettled = stories
    .filter(({ isSettled }) => !isSettled)
    .map(({ title, outcomes }) => `The story “${title}” ends without a settled answer: ${outcomes.join(' · ')}.`);
  for (const scope of quickScopes()) {
    const { violation } = await exploreScope(scope, { listeners });
    if (!violation) continue;
    const first =
      `A booking can end without a settled answer (${scope.name}): ${violation.message}. Correct the subscriptions of ` +
      'the service that does not answer. The shortest way there:';
    return [first, ...violation.trace.slice(-longestTrace), ...unsettled];
  }
  return unsettled;
}

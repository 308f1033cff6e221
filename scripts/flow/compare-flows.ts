import type { Flow, FlowService } from './flow.ts';

/**
 * How a flow differs from another one: a line for each fact that only one of them has. The prefix of names is ignored.
 */
export function compareFlows(there: Flow, here: Flow): string[] {
  const [factsThere, factsHere] = [factsOf(there), factsOf(here)];
  return [
    ...factsThere.filter((fact) => !factsHere.includes(fact)).map((fact) => `only there: ${fact}`),
    ...factsHere.filter((fact) => !factsThere.includes(fact)).map((fact) => `only here:  ${fact}`),
  ];
}

function factsOf({ airline, services }: Flow): string[] {
  return services.flatMap((service) => factsOfService(service)).map((fact) => fact.replaceAll(`${airline}-`, ''));
}

function factsOfService({
  name,
  says,
  rules,
  queues,
  timers,
  routes,
  tables,
  functions,
  calls,
}: FlowService): string[] {
  const facts: Record<string, readonly unknown[]> = {
    says,
    // The words of a narrowed rule come from the checkout, and are no fact.
    hears: rules.map(({ when: _, detailTypes: __, ...rule }) => rule),
    queue: queues,
    timer: timers,
    route: routes,
    table: tables,
    function: functions,
    calls,
  };
  return Object.entries(facts).flatMap(([kind, values]) =>
    values.map((value) => `${name} ${kind} ${typeof value === 'string' ? value : JSON.stringify(value)}`),
  );
}

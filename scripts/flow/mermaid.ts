import type { Flow, FlowService } from './flow.ts';

/**
 * The flow as a flowchart of Mermaid: from the service that says an event to each one that hears it. Bus and queues are
 * left out, since every arrow passes them.
 */
export function mermaidOf(flow: Flow): string {
  const { services, events } = flow;
  const nobody = events.filter(({ saidBy }) => saidBy.length === 0);
  const speakers = services.map(({ name }) => ({
    name,
    said: events.filter(({ saidBy }) => saidBy.includes(name)),
  }));
  const from = [...(nobody.length > 0 ? [{ name: 'outside', said: nobody }] : []), ...speakers];
  return [
    'flowchart LR',
    ...(nobody.length > 0 ? ['  outside(["other producers"])'] : []),
    ...services.map((service) => `  ${service.name}["${nodeText(service)}"]`),
    ...from.flatMap(({ name, said }) =>
      services.flatMap((listener) => {
        const heard = said.flatMap(({ detailType, heardBy }) => {
          const hearing = heardBy.find(({ service }) => service === listener.name);
          if (!hearing) return [];
          return [hearing.when === undefined ? detailType : `${detailType} (some)`];
        });
        return heard.length > 0 ? [`  ${name} -->|"${heard.map(escape).join('<br>')}"| ${listener.name}`] : [];
      }),
    ),
  ].join('\n');
}

function nodeText({ name, routes, timers, calls }: FlowService): string {
  const details = [
    ...routes.map(({ route }) => route),
    ...timers.map((timer) => (timer.kind === 'schedule' ? `timer: ${timer.expression}` : 'timer: a message to itself')),
    ...calls.map((outsider) => (outsider === 'mail' ? 'sends mail' : `calls the ${outsider}`)),
  ];
  return [`<b>${escape(name)}</b>`, ...details.map((detail) => `<small>${escape(detail)}</small>`)].join('<br>');
}

/** Text in quotes may hold everything but quotes and what would be markup. */
function escape(text: string): string {
  return text.replaceAll('&', '#amp;').replaceAll('"', '#quot;').replaceAll('<', '#lt;').replaceAll('>', '#gt;');
}

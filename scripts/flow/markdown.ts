import type { Flow, FlowEvent, FlowQueue, FlowService, FlowTimer } from './flow.ts';
import { mermaidOf } from './mermaid.ts';
import { hearersOf, table, whoHearsTable } from './who-hears.ts';

/** Everything that the model knows, as a page. Links are those of a file in docs. */
export function markdownOf(flow: Flow): string {
  return [
    '# The flow',
    'Written by `pnpm flow --write` from the synthesized templates and the contract. Do not edit.',
    `Every arrow passes the bus \`${flow.bus}\`, a rule, and the queue of the service that hears. The same as a picture with one line ` +
      'for each event: [flow.svg](flow.svg). As a machine reads it: [asyncapi.yaml](asyncapi.yaml). What happens to a ' +
      'booking, step by step: [stories.md](stories.md).',
    `\`\`\`mermaid\n${mermaidOf(flow)}\n\`\`\``,
    '## Who hears what',
    whoHearsTable(flow),
    ...flow.services.flatMap(serviceSection),
    '## Events',
    ...flow.events.flatMap(eventSection),
  ]
    .join('\n\n')
    .concat('\n');
}

function serviceSection({
  name,
  stack,
  says,
  rules,
  queues,
  timers,
  routes,
  tables,
  functions,
  calls,
}: FlowService): string[] {
  const facts = [
    `Says: ${codes(says)}.`,
    `Routes: ${codes(routes.map(({ route }) => route))}.`,
    `Timers: ${timers.length > 0 ? timers.map(timerText).join('; ') : 'none'}.`,
    `Tables: ${tables.map(({ name: own, indexes }) => `\`${own}\`${indexes.length > 0 ? ` with the indexes ${codes(indexes)}` : ''}`).join(', ') || 'none'}.`,
    `Calls: ${calls.join(', ') || 'nobody outside'}.`,
  ];
  return [
    `## ${name}`,
    `Stack \`${stack}\`.`,
    facts.map((fact) => `- ${fact}`).join('\n'),
    table(
      ['rule', 'hears', 'only', 'queue', 'undelivered go to'],
      rules.map((rule) => [
        code(rule.name),
        codes(rule.detailTypes),
        rule.when ?? '',
        code(rule.queue),
        rule.undelivered === undefined ? 'nowhere' : code(rule.undelivered),
      ]),
    ),
    table(
      ['queue', 'read by', 'hidden while handled', 'kept', 'dead letters go to'],
      queues.map((queue) => [
        code(queue.name),
        queue.reader === undefined ? 'an operator' : code(queue.reader),
        `${queue.visibilityTimeout} s`,
        `${queue.retention / 86_400} days`,
        deadLettersText(queue),
      ]),
    ),
    table(
      ['function', 'does', 'timeout'],
      functions.map((each) => [code(each.name), each.description, `${each.timeout} s`]),
    ),
  ];
}

function timerText(timer: FlowTimer): string {
  if (timer.kind === 'schedule')
    return `\`${timer.function}\` runs at \`${timer.expression}\` (rule \`${timer.rule}\`)`;
  return `\`${timer.function}\` sends delayed messages to its own queue \`${timer.queue}\``;
}

function deadLettersText({ deadLetters }: FlowQueue): string {
  return deadLetters ? `${code(deadLetters.name)} after ${deadLetters.maxReceiveCount} receives` : '';
}

function eventSection(event: FlowEvent): string[] {
  const { detailType, source, owner, description, schema, saidBy, fromOutside, heardBy, reads, personal } = event;
  const said = [...saidBy, ...(fromOutside ? ['producers outside'] : [])].join(', ') || 'nobody';
  const readers = heardBy.map(({ service }) => [service, codes((reads[service] ?? []).map((path) => path))]);
  return [
    `### ${detailType}`,
    description,
    [
      `- Source \`${source}\`, owned by ${owner}: [schema](../events-schemas/schemas/${schema}), ` +
        `[example](../events-schemas/examples/${schema}).`,
      `- Said by ${said}. Heard by ${hearersOf(event)}.`,
      `- Personal data: ${codes(personal)}.`,
    ].join('\n'),
    table(['heard by', 'reads'], readers),
  ];
}

function code(text: string): string {
  return `\`${text}\``;
}

function codes(texts: readonly string[]): string {
  return texts.map(code).join(', ') || 'none';
}

import { printable } from '@airline/events-schemas/printable';
import { UsageError } from './usage-error.ts';

/** Of AWS's message, in characters. */
const longestQuote = 1000;

/** The actions that only the role `airline-operator` may call, in an operator's words. */
export const operatorActions: Readonly<Record<string, { may: string; object: string; for: string }>> = {
  'sqs:SendMessage': { may: 'send messages to', object: "the service's queue", for: 'A redrive with --confirm' },
  'sqs:DeleteMessage': {
    may: 'delete messages from',
    object: 'the dead-letter queue',
    for: 'A redrive or a drop with --confirm',
  },
  'logs:CreateLogStream': {
    may: 'add to',
    object: 'the record of operations',
    for: 'A redrive, a drop or a replay with --confirm',
  },
  'logs:PutLogEvents': {
    may: 'add to',
    object: 'the record of operations',
    for: 'A redrive, a drop or a replay with --confirm',
  },
  'events:StartReplay': { may: 'start a replay of', object: 'the archive', for: 'A replay with --confirm' },
  'events:DescribeReplay': { may: 'follow', object: 'the replay', for: 'A replay with --confirm' },
  'events:CancelReplay': { may: 'cancel', object: 'the replay', for: 'A replay with --confirm' },
};

/** AWS's refusal of a call, in words: who may not do what, and who may. `undefined` for any other error. */
export function asRefusal(error: unknown): UsageError | undefined {
  const isRefused = error instanceof Error && error.name.startsWith('AccessDenied');
  return isRefused ? new UsageError(describeRefusal(error.message), { cause: error }) : undefined;
}

const whereToRead = 'infra/README.md, *Roles of operators*, says what each role may do.';

/** @param message of AWS: `User: arn:aws:sts::1:assumed-role/airline-reader/ada is not authorized to perform: …` */
function describeRefusal(message: string): string {
  const [, who, called, resource] =
    /User: (\S+) is not authorized to perform: ([\w-]+:\w+)(?: on resource: (\S+))?/.exec(message) ?? [];
  if (who === undefined || called === undefined)
    return `AWS refuses this to you: ${printable(message, longestQuote)} ${whereToRead}`;
  // SQS writes the action in small letters. An emulator names the batch, for which AWS has no action.
  const single = called.toLowerCase().replace(/(?<=^sqs:\w+)batch$/, '');
  const action = Object.keys(operatorActions).find((each) => each.toLowerCase() === single) ?? called;
  const known = operatorActions[action];
  const object = resource === undefined ? known?.object : nameIn(resource);
  const [, role] = /:assumed-role\/([^/]+)\//.exec(who) ?? [];
  const subject = role === undefined ? `Your identity ${nameIn(who)}` : `Your role ${role}`;
  const refused = `${subject} may not ${known?.may ?? `call ${action} on`} ${object ?? 'it'} (${action}).`;
  const operator = operatorOf(role);
  const hint = known && role !== operator ? `${known.for} needs the role ${operator}.` : whereToRead;
  return printable(`${refused} ${hint}`, longestQuote);
}

/** The role that may act for the airline whose reader this is, or for the airline that the commands use. */
function operatorOf(role = ''): string {
  const airline = role.endsWith('-reader') ? role.slice(0, -'-reader'.length) : (process.env.AIRLINE_NAME ?? 'airline');
  return `${airline}-operator`;
}

/** The last part of an ARN: `airline-seats` of a queue, `parameter/airline/bus/name` of a parameter. */
function nameIn(arn: string): string {
  return arn.split(':').slice(5).join(':') || arn;
}

/** The flow as one model. Every picture, table and page of it is made of this, and so can be a console. */

/** Who says what, who hears it, and what lies between. It is plain data: `pnpm flow --format json` prints it. */
export interface Flow {
  /** The prefix of all names, e.g. `airline`. */
  airline: string;
  /** The name of the event bus. */
  bus: string;
  /** In the order in which a booking meets them. */
  services: FlowService[];
  /** All events of the contract, in the order in which they usually happen. */
  events: FlowEvent[];
}

export interface FlowService {
  name: string;
  stack: string;
  /** The detail-types that one of its functions may publish. */
  says: string[];
  rules: FlowRule[];
  queues: FlowQueue[];
  timers: FlowTimer[];
  routes: FlowRoute[];
  tables: FlowTable[];
  functions: FlowFunction[];
  /** Systems outside AWS's account that it calls. */
  calls: Outside[];
}

type Outside = 'mail' | 'payment provider';

/** A rule of the bus that delivers to a queue of the service. */
export interface FlowRule {
  name: string;
  pattern: Record<string, unknown>;
  /** The detail-types of the contract that its pattern matches. */
  detailTypes: string[];
  /** Which of these events, in words, if its pattern looks into `detail`. */
  when?: string;
  queue: string;
  /** The queue for events that EventBridge cannot deliver. */
  undelivered?: string;
}

export interface FlowQueue {
  name: string;
  /** Seconds. */
  visibilityTimeout: number;
  /** Seconds. */
  retention: number;
  /** The queue for messages that were received `maxReceiveCount` times, and by the function's decision. */
  deadLetters?: { name: string; maxReceiveCount: number };
  /** The function that reads it. */
  reader?: string;
}

export type FlowTimer =
  /** The function may send delayed messages to the queue that it reads. */
  | { kind: 'message to itself'; function: string; queue: string }
  | { kind: 'schedule'; rule: string; expression: string; function: string };

interface FlowRoute {
  /** Method and path. */
  route: string;
  function: string;
}

interface FlowTable {
  name: string;
  indexes: string[];
}

interface FlowFunction {
  name: string;
  description: string;
  /** Seconds. */
  timeout: number;
}

export interface FlowEvent {
  detailType: string;
  /** The `source` of its events, e.g. `airline.seats`. */
  source: string;
  /** The team that owns its schema, e.g. `seats`. */
  owner: string;
  description: string;
  /** Its schema, below events-schemas/schemas. */
  schema: string;
  /** The services whose functions may publish it. */
  saidBy: string[];
  /** Whether a producer outside may publish it: its schema requires no metadata. */
  fromOutside: boolean;
  heardBy: { service: string; when?: string }[];
  /** The declared paths that each hearing service reads. */
  reads: Record<string, readonly string[]>;
  /** The paths of its personal data, e.g. `data.passenger.name`. */
  personal: string[];
  /** The golden `detail`. */
  example: unknown;
}

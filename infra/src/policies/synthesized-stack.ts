import type { Finding } from './finding.ts';

type Json = Record<string, unknown>;

interface Resource {
  Type: string;
  Properties?: Json;
}

export interface Template {
  Parameters?: Record<string, { Type: string; Default?: unknown }>;
  Resources?: Record<string, Resource>;
}

export interface Statement {
  Effect: 'Allow' | 'Deny';
  Sid?: string;
  Principal?: unknown;
  Action?: string | string[];
  NotAction?: unknown;
  Resource?: unknown;
  NotResource?: unknown;
  NotPrincipal?: unknown;
  Condition?: Record<string, Record<string, unknown>>;
}

/** A synthesized template, as the checks read it. */
export class SynthesizedStack {
  readonly name: string;
  /** Whose stack it is: `seats` of `airline-seats`. */
  readonly service: string;
  readonly #template: Template;
  readonly #pathOf: (logicalId: string) => string | undefined;

  constructor(options: {
    name: string;
    service: string;
    template: Template;
    pathOf: (logicalId: string) => string | undefined;
  }) {
    this.name = options.name;
    this.service = options.service;
    this.#template = options.template;
    this.#pathOf = options.pathOf;
  }

  resources(...types: string[]): [logicalId: string, properties: Json, type: string][] {
    return Object.entries(this.#template.Resources ?? {})
      .filter(([, { Type }]) => types.length === 0 || types.includes(Type))
      .map(([logicalId, { Type, Properties = {} }]) => [logicalId, Properties, Type]);
  }

  /** The resource of this stack that an expression names by Ref or by its ARN. */
  own(expression: unknown, type: string): { logicalId: string; properties: Json } | undefined {
    const [, logicalId] = /^\$\{(\w+)(?:\.Arn)?\}$/.exec(textOf(expression)) ?? [];
    const resource = this.#template.Resources?.[logicalId ?? ''];
    return resource?.Type === type ? { logicalId: logicalId!, properties: resource.Properties ?? {} } : undefined;
  }

  /** Whether an expression is, or ends with, the name of the bus where all services meet: the platform's, or the stack's own. */
  isBus(expression: unknown): boolean {
    const text = textOf(expression);
    if (this.own(expression, 'AWS::Events::EventBus')) return true;
    const [, parameter] =
      /^(?:arn:\$\{AWS::Partition\}:events:\$\{AWS::Region\}:\$\{AWS::AccountId\}:event-bus\/)?\$\{(\w+)\}$/.exec(
        text,
      ) ?? [];
    return /^\/[\w-]+\/bus\/name$/.test(String(this.#template.Parameters?.[parameter ?? '']?.Default));
  }

  finding(logicalId: string, found: Pick<Finding, 'id' | 'problem' | 'remedy'>): Finding {
    return { ...found, stack: this.name, logicalId, path: this.#pathOf(logicalId) ?? this.name };
  }
}

/** The statements of a policy document. What cannot be read as one is given as it is, so that it is found and not passed over. */
export function statementsOf(document: unknown): Statement[] {
  const { Statement: statements } = (document ?? { Statement: [] }) as { Statement?: Statement | Statement[] };
  return listOf<Statement>(statements ?? (document as Statement));
}

/** Those that let somebody in, or may do so. */
export function allowedBy(document: unknown): Statement[] {
  return statementsOf(document).filter(({ Effect }) => Effect !== 'Deny');
}

export function listOf<T>(value: T | T[] | undefined): T[] {
  return value === undefined ? [] : Array.isArray(value) ? value : [value];
}

/** An expression of CloudFormation as one text: `${Table.Arn}/index/*`. What is no literal stands in `${…}`. */
export function textOf(expression: unknown): string {
  if (typeof expression !== 'object' || expression === null) return String(expression);
  const [name, argument] = Object.entries(expression)[0] ?? [];
  if (name === 'Ref') return `\${${String(argument)}}`;
  if (name === 'Fn::GetAtt') return `\${${listOf(argument as string | string[]).join('.')}}`;
  if (name === 'Fn::Join') {
    const [separator, parts] = argument as [string, unknown[]];
    return Array.isArray(parts) ? parts.map(textOf).join(separator) : `\${${JSON.stringify(expression)}}`;
  }
  if (name === 'Fn::Sub') return String(listOf(argument as string | unknown[])[0]);
  return `\${${JSON.stringify(expression)}}`;
}

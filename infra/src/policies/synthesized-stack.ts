import type { Finding } from './finding.ts';

type Json = Record<string, unknown>;

interface Resource {
  Type: string;
  Properties?: Json;
  DependsOn?: string | string[];
  DeletionPolicy?: string;
  UpdateReplacePolicy?: string;
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

/** A synthesized template with the queries that the checks need. */
export class SynthesizedStack {
  readonly name: string;
  /** The service that the stack belongs to: `seats` for `airline-seats`. */
  readonly service: string;
  /** The name of the airline: `airline` for `airline-seats`. */
  readonly airline: string;
  /** Whether CloudFormation refuses to delete the stack. */
  readonly isTerminationProtected: boolean;
  readonly #template: Template;
  readonly #pathOf: (logicalId: string) => string | undefined;

  constructor(options: {
    name: string;
    service: string;
    airline: string;
    isTerminationProtected: boolean;
    template: Template;
    pathOf: (logicalId: string) => string | undefined;
  }) {
    this.name = options.name;
    this.service = options.service;
    this.airline = options.airline;
    this.isTerminationProtected = options.isTerminationProtected;
    this.#template = options.template;
    this.#pathOf = options.pathOf;
  }

  resources(...types: string[]): [logicalId: string, properties: Json, type: string][] {
    return Object.entries(this.#template.Resources ?? {})
      .filter(([, { Type }]) => types.length === 0 || types.includes(Type))
      .map(([logicalId, { Type, Properties = {} }]) => [logicalId, Properties, Type]);
  }

  /** The resource of this type in this stack to which an expression refers, by Ref or by its ARN. */
  ownResource(expression: unknown, type: string): { logicalId: string; properties: Json } | undefined {
    const [, logicalId] = /^\$\{(\w+)(?:\.Arn)?\}$/.exec(textOf(expression)) ?? [];
    const resource = this.#template.Resources?.[logicalId ?? ''];
    return resource?.Type === type ? { logicalId: logicalId!, properties: resource.Properties ?? {} } : undefined;
  }

  /** Whether the resource stays when it or its whole stack is removed, and when it is replaced. */
  isRetained(logicalId: string): boolean {
    const { DeletionPolicy = 'Delete', UpdateReplacePolicy } = this.#template.Resources?.[logicalId] ?? {};
    return DeletionPolicy.startsWith('Retain') && UpdateReplacePolicy === 'Retain';
  }

  /** The resources of this stack that CloudFormation creates before the given one. */
  createdBefore(logicalId: string, found = new Set<string>()): Set<string> {
    const { Properties, DependsOn } = this.#template.Resources?.[logicalId] ?? {};
    for (const each of [...listOf(DependsOn), ...referencesIn(Properties)]) {
      if (found.has(each) || !(each in (this.#template.Resources ?? {}))) continue;
      found.add(each);
      this.createdBefore(each, found);
    }
    return found;
  }

  /** Whether an expression refers to the airline's bus: a bus of this stack, or the platform's by its name or ARN. */
  isBus(expression: unknown): boolean {
    const text = textOf(expression);
    if (this.ownResource(expression, 'AWS::Events::EventBus')) return true;
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

/** The logical ids and parameters to which an expression refers. */
function referencesIn(expression: unknown): string[] {
  if (typeof expression !== 'object' || expression === null) return [];
  return Object.entries(expression as Json).flatMap(([key, value]) => {
    if (key === 'Ref') return [String(value)];
    if (key === 'Fn::GetAtt') return [String(listOf(value as string | string[])[0]).split('.')[0]!];
    if (key === 'Fn::Sub')
      return [
        ...[...textOf({ 'Fn::Sub': value }).matchAll(/\$\{(\w+)/g)].map(([, name]) => name!),
        ...referencesIn(value),
      ];
    return referencesIn(value);
  });
}

/**
 * The statements of a policy document. A document in another form is returned as one statement, so it still causes a
 * finding.
 */
export function statementsOf(document: unknown): Statement[] {
  const { Statement: statements } = (document ?? { Statement: [] }) as { Statement?: Statement | Statement[] };
  return listOf<Statement>(statements ?? (document as Statement));
}

/** The statements of a policy document that are not a Deny. A statement that cannot be read counts as one of them. */
export function allowStatements(document: unknown): Statement[] {
  return statementsOf(document).filter(({ Effect }) => Effect !== 'Deny');
}

interface RuleTarget {
  Id: string;
  Arn?: unknown;
  DeadLetterConfig?: { Arn?: unknown };
}

/** The targets of an `AWS::Events::Rule`. */
export function ruleTargets({ Targets }: Json): RuleTarget[] {
  return listOf(Targets as RuleTarget[] | undefined);
}

export function listOf<T>(value: T | T[] | undefined): T[] {
  return value === undefined ? [] : Array.isArray(value) ? value : [value];
}

/**
 * A CloudFormation expression as text, e.g. `${Table.Arn}/index/*`. Everything that is not a literal is inside
 * `${…}`.
 */
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

/** Whether a resource of a statement has a wildcard. @param text of {@link textOf} */
export function isWide(text: string): boolean {
  return /[*?]/.test(text);
}

import { ACCOUNT_ID, REGION } from '../account.ts';
import { LocalCloudError } from '../local-cloud-error.ts';

/** The values of a resource that other expressions of the template can read. */
export interface ResourceValues {
  /** The value of `Ref`. */
  ref: string;
  /** The values of `Fn::GetAtt`. */
  attributes: Record<string, string>;
}

/** Everything that an expression can refer to. */
export interface Scope {
  stackName: string;
  /** The place, for error messages: `stack seats: resource Queue`. */
  where: string;
  parameters: Record<string, unknown>;
  mappings?: Record<string, unknown>;
  conditions?: Record<string, unknown>;
  resources?: Map<string, ResourceValues>;
  /** The SSM parameter store, for `{{resolve:ssm:NAME}}`. */
  parameterStore?: (name: string) => string | undefined;
}

/**
 * The value of a template expression.
 * @param path its place in the resource, for error messages: `Targets[0].Arn`
 * @throws LocalCloudError for an unsupported intrinsic function, and for a reference to something that does not exist
 */
export function evaluate(value: unknown, scope: Scope, path: string): unknown {
  if (typeof value === 'string') return resolveDynamicReferences(value, scope, path);
  if (Array.isArray(value)) {
    return value
      .map((element, index) => evaluate(element, scope, `${path}[${index}]`))
      .filter((element) => element !== NO_VALUE);
  }
  if (typeof value !== 'object' || value === null) return value;

  const entries = Object.entries(value);
  const [name, argument] = entries[0] ?? [];
  if (entries.length === 1 && name !== undefined && isIntrinsic(name))
    return evaluateIntrinsic(name, argument, scope, path);
  return Object.fromEntries(
    entries
      .map(([key, member]) => [key, evaluate(member, scope, path === '' ? key : `${path}.${key}`)] as const)
      .filter(([, member]) => member !== NO_VALUE),
  );
}

/** @throws LocalCloudError when the template has no such condition */
export function isConditionTrue(conditionName: string, scope: Scope): boolean {
  const condition = scope.conditions?.[conditionName];
  if (condition === undefined) throw new LocalCloudError(`${scope.where}: there is no condition ${conditionName}`);
  return evaluateCondition(condition, scope, `Conditions.${conditionName}`);
}

/** The names of resources, parameters and pseudo-parameters in the Ref, Fn::GetAtt and Fn::Sub of an expression. */
export function references(value: unknown, found = new Set<string>()): Set<string> {
  if (Array.isArray(value)) value.forEach((element) => references(element, found));
  else if (typeof value === 'object' && value !== null) {
    for (const [key, member] of Object.entries(value)) {
      if (key === 'Ref' && typeof member === 'string') found.add(member);
      else if (key === 'Fn::GetAtt') found.add(attributeReference(member)?.logicalId ?? '');
      else if (key === 'Fn::Sub') {
        const [text, variables] = Array.isArray(member) ? (member as [unknown, object?]) : [member];
        for (const [, name] of String(text).matchAll(SUBSTITUTION)) {
          if (!name!.startsWith('!') && !(variables && name! in variables)) found.add(name!.split('.')[0]!);
        }
        references(variables, found);
      } else references(member, found);
    }
  }
  return found;
}

/** `AWS::NoValue`. A property or list element with this value is removed. */
const NO_VALUE = Symbol('AWS::NoValue');

const SUBSTITUTION = /\$\{([^}]*)\}/g;
const CONDITION_FUNCTIONS = ['Fn::And', 'Fn::Or', 'Fn::Not', 'Fn::Equals', 'Condition'];

function isIntrinsic(key: string): boolean {
  return key === 'Ref' || key.startsWith('Fn::');
}

function evaluateIntrinsic(name: string, argument: unknown, scope: Scope, path: string): unknown {
  const fail = (message: string): never => {
    throw new LocalCloudError(`${scope.where}: ${path}: ${message}`);
  };
  const here = path === '' ? name : `${path}.${name}`;
  const value = (expression: unknown) => evaluate(expression, scope, here);
  const text = (expression: unknown): string => {
    const result = value(expression);
    if (typeof result === 'string' || typeof result === 'number' || typeof result === 'boolean') return String(result);
    return fail(`${name} needs a string, not ${JSON.stringify(result)}`);
  };
  const list = (expression: unknown): unknown[] => {
    const result = value(expression);
    return Array.isArray(result) ? result : fail(`${name} needs a list, not ${JSON.stringify(result)}`);
  };
  const parts = (count: number): unknown[] =>
    Array.isArray(argument) && argument.length === count ? argument : fail(`${name} needs ${count} arguments`);

  switch (name) {
    case 'Ref':
      return typeof argument === 'string' ? reference(argument, scope, path) : fail('Ref needs a name');
    case 'Fn::GetAtt': {
      const target = attributeReference(argument) ?? fail('Fn::GetAtt needs a resource and an attribute');
      return attribute(target.logicalId, target.attribute, scope, path);
    }
    case 'Fn::Join': {
      const [separator, elements] = parts(2);
      return list(elements).map(text).join(text(separator));
    }
    case 'Fn::Split': {
      const [separator, source] = parts(2);
      return text(source).split(text(separator));
    }
    case 'Fn::Select': {
      const [index, elements] = parts(2);
      const selected = list(elements)[Number(text(index))];
      return selected === undefined ? fail(`Fn::Select: there is no element ${text(index)}`) : selected;
    }
    case 'Fn::Sub': {
      const [template, variables = {}] = (Array.isArray(argument) ? argument : [argument]) as [
        unknown,
        Record<string, unknown>?,
      ];
      if (typeof template !== 'string') return fail('Fn::Sub needs a string');
      return template.replaceAll(SUBSTITUTION, (_, variable: string) => {
        if (variable.startsWith('!')) return `\${${variable.slice(1)}}`;
        if (variable in variables) return text(variables[variable]);
        const dot = variable.indexOf('.');
        return String(
          dot < 0
            ? reference(variable, scope, path)
            : attribute(variable.slice(0, dot), variable.slice(dot + 1), scope, path),
        );
      });
    }
    case 'Fn::If': {
      const [condition, yes, no] = parts(3);
      return value(isConditionTrue(String(condition), scope) ? yes : no);
    }
    case 'Fn::FindInMap': {
      const [map, first, second] = parts(3).map(text) as [string, string, string];
      const found = (scope.mappings?.[map] as Record<string, Record<string, unknown>> | undefined)?.[first]?.[second];
      return found ?? fail(`Fn::FindInMap: there is no ${map}.${first}.${second}`);
    }
    case 'Fn::Base64':
      return Buffer.from(text(argument)).toString('base64');
    case 'Fn::ImportValue':
      return fail(
        'Fn::ImportValue is not supported: stacks share names through SSM parameters, so that no stack blocks the deployment of another',
      );
    default:
      return CONDITION_FUNCTIONS.includes(name)
        ? evaluateCondition({ [name]: argument }, scope, path)
        : fail(`the local cloud does not support the function ${name}`);
  }
}

function evaluateCondition(condition: unknown, scope: Scope, path: string): boolean {
  const [name, argument] = Object.entries(condition ?? {})[0] ?? [];
  const operands = () => (argument as unknown[]).map((operand) => evaluateCondition(operand, scope, path));
  switch (name) {
    case 'Fn::And':
      return operands().every(Boolean);
    case 'Fn::Or':
      return operands().some(Boolean);
    case 'Fn::Not':
      return !operands()[0];
    case 'Fn::Equals': {
      const [left, right] = (argument as unknown[]).map((operand) => JSON.stringify(evaluate(operand, scope, path)));
      return left === right;
    }
    case 'Condition':
      return isConditionTrue(String(argument), scope);
    default:
      throw new LocalCloudError(
        `${scope.where}: ${path}: the local cloud does not support the condition ${name ?? '{}'}`,
      );
  }
}

function reference(name: string, scope: Scope, path: string): unknown {
  switch (name) {
    case 'AWS::AccountId':
      return ACCOUNT_ID;
    case 'AWS::Region':
      return REGION;
    case 'AWS::Partition':
      return 'aws';
    case 'AWS::URLSuffix':
      return 'amazonaws.com';
    case 'AWS::StackName':
      return scope.stackName;
    case 'AWS::StackId':
      return `arn:aws:cloudformation:${REGION}:${ACCOUNT_ID}:stack/${scope.stackName}/local`;
    case 'AWS::NotificationARNs':
      return [];
    case 'AWS::NoValue':
      return NO_VALUE;
  }
  const value = scope.parameters[name] ?? scope.resources?.get(name)?.ref;
  if (value === undefined)
    throw new LocalCloudError(`${scope.where}: ${path}: Ref ${name} refers to something that does not exist`);
  return value;
}

function attribute(logicalId: string, name: string, scope: Scope, path: string): string {
  const resource = scope.resources?.get(logicalId);
  if (!resource)
    throw new LocalCloudError(
      `${scope.where}: ${path}: Fn::GetAtt ${logicalId}.${name}: there is no resource ${logicalId}`,
    );
  const value = resource.attributes[name];
  if (value === undefined) {
    throw new LocalCloudError(
      `${scope.where}: ${path}: the local cloud does not support the attribute ${name} of resource ${logicalId}`,
    );
  }
  return value;
}

function attributeReference(argument: unknown): { logicalId: string; attribute: string } | undefined {
  if (typeof argument === 'string' && argument.includes('.')) {
    const dot = argument.indexOf('.');
    return { logicalId: argument.slice(0, dot), attribute: argument.slice(dot + 1) };
  }
  if (!Array.isArray(argument) || argument.length !== 2 || !argument.every((part) => typeof part === 'string'))
    return undefined;
  const [logicalId, name] = argument as [string, string];
  return { logicalId, attribute: name };
}

function resolveDynamicReferences(text: string, scope: Scope, path: string): string {
  return text.replaceAll(/\{\{resolve:([^:}]+):([^:}]+)(?::[^}]*)?\}\}/g, (_, service: string, name: string) => {
    const fail = (message: string): never => {
      throw new LocalCloudError(`${scope.where}: ${path}: ${message}`);
    };
    if (service !== 'ssm') return fail(`the local cloud does not support {{resolve:${service}:…}}`);
    return scope.parameterStore?.(name) ?? fail(`there is no SSM parameter ${name}`);
  });
}

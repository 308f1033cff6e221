import type { SchemaObject } from '@airline/events-schemas/compatibility/json-schema';
import type { Components } from './fields.ts';

/** The parts of docs/openapi.yaml that the pages show. */
export interface OpenApi {
  info: { title: string; version: string; summary: string; description: string };
  servers: { url: string; description: string }[];
  tags: { name: string; description: string }[];
  paths: Record<string, Record<string, Operation> & { parameters?: Parameter[] }>;
  components: {
    schemas: Components;
    parameters: Record<string, Parameter>;
    headers: Record<string, Header>;
    responses: Record<string, Response>;
  };
}

interface Operation {
  operationId: string;
  tags: string[];
  /** No login is needed if it is empty. */
  security?: unknown[];
  summary: string;
  description?: string;
  parameters?: (Parameter | Reference)[];
  requestBody?: { description?: string; content: Record<string, Content> };
  responses: Record<string, Response | Reference>;
}

export interface Parameter {
  name: string;
  in: string;
  required?: boolean;
  description?: string;
  schema: SchemaObject;
  example?: unknown;
}

interface Header {
  description?: string;
  required?: boolean;
  schema: SchemaObject;
}

export interface Response {
  description: string;
  headers?: Record<string, Header | Reference>;
  content?: Record<string, Content>;
}

export interface Content {
  schema: SchemaObject;
  example?: unknown;
  examples?: Record<string, { value: unknown }>;
}

interface Reference {
  $ref: string;
}

export interface Route {
  /** Method and path, as the stacks name it, e.g. `GET /flights`. */
  route: string;
  operation: Operation;
  parameters: Parameter[];
}

const methods = ['get', 'put', 'post', 'delete', 'patch'];

/** Every route with its parameters, in the order of the document. */
export function routesOf({ paths, components }: OpenApi): Route[] {
  return Object.entries(paths).flatMap(([path, item]) =>
    methods
      .filter((method) => item[method])
      .map((method) => {
        const operation = item[method]!;
        const parameters = [...(item.parameters ?? []), ...(operation.parameters ?? [])];
        return {
          route: `${method.toUpperCase()} ${path}`,
          operation,
          parameters: parameters.map((parameter) => found(parameter, components.parameters)),
        };
      }),
  );
}

/** What a reference of the document leads to. @throws Error when there is nothing */
export function found<T extends object>(part: T | Reference, named: Readonly<Record<string, T>>): T {
  if (!('$ref' in part)) return part;
  const target = named[part.$ref.replace(/^.*\//, '')];
  if (!target) throw new Error(`docs/openapi.yaml has no ${part.$ref}.`);
  return target;
}

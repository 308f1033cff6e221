import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { evaluate } from './intrinsics.ts';
import { LocalCloudError } from '../local-cloud-error.ts';
import { isObject } from '../is-object.ts';

export interface TemplateResource {
  Type: string;
  Properties?: Record<string, unknown>;
  DependsOn?: string | string[];
  Condition?: string;
}

export interface TemplateParameter {
  Type: string;
  Default?: string | number;
}

export interface Template {
  Parameters?: Record<string, TemplateParameter>;
  Mappings?: Record<string, unknown>;
  Conditions?: Record<string, unknown>;
  Resources: Record<string, TemplateResource>;
}

/** A file asset of an assembly: `path` is absolute; packaging `zip` means that it is a directory. */
export interface FileAsset {
  path: string;
  packaging: string;
}

export interface Stack {
  name: string;
  template: Template;
  /** By object key, the value of `Code.S3Key`. */
  assets: Map<string, FileAsset>;
}

/** Parameters that the CDK's bootstrap stack creates in an account. The local cloud does not need them. */
const BOOTSTRAP_PARAMETERS = '/cdk-bootstrap/';

const TEMPLATE_SECTIONS = [
  'AWSTemplateFormatVersion',
  'Description',
  'Metadata',
  'Parameters',
  'Rules',
  'Mappings',
  'Conditions',
  'Resources',
  'Outputs',
];
const RESOURCE_ATTRIBUTES = [
  'Type',
  'Properties',
  'DependsOn',
  'Condition',
  'Metadata',
  'DeletionPolicy',
  'UpdateReplacePolicy',
];

/**
 * Reads the stacks of CDK cloud assemblies (the output folders of `cdk synth`).
 * @throws LocalCloudError, with the name of the missing or invalid file
 */
export function readCloudAssemblies(directories: string[]): Stack[] {
  const stacks = directories.flatMap(readCloudAssembly);
  const seen = new Set<string>();
  for (const { name } of stacks) {
    if (seen.has(name))
      throw new LocalCloudError(`stack ${name} is in two cloud assemblies; a stack can be deployed only once`);
    seen.add(name);
  }
  return stacks;
}

/**
 * Orders stacks so that each comes after the stacks that create the SSM parameters it reads. Stacks have to be deployed
 * to an empty account in this order.
 * @param isStored whether the parameter store already has this parameter
 * @throws LocalCloudError for a parameter that no stack creates, and for stacks that read each other's parameters
 */
export function orderStacks(stacks: Stack[], isStored: (parameterName: string) => boolean): Stack[] {
  const creators = parameterCreators(stacks);
  const ordered: Stack[] = [];
  const path: Stack[] = [];

  const visit = (stack: Stack): void => {
    if (ordered.includes(stack)) return;
    if (path.includes(stack)) {
      const names = [...path.slice(path.indexOf(stack)), stack].map(({ name }) => name);
      throw new LocalCloudError(`stacks read each other's SSM parameters: ${names.join(' → ')}`);
    }
    path.push(stack);
    for (const required of requiredParameters(stack)) {
      if (isStored(required)) continue;
      const creator = creators.get(required);
      if (!creator)
        throw new LocalCloudError(`stack ${stack.name} reads the SSM parameter ${required}, which no stack creates`);
      visit(creator);
    }
    path.pop();
    ordered.push(stack);
  };

  stacks.forEach(visit);
  return ordered;
}

/**
 * Whether this is a parameter of the CDK's bootstrap stack. Only `Rules` compare it, and the local cloud skips them.
 */
export function isBootstrapParameter(name: unknown): boolean {
  return typeof name === 'string' && name.startsWith(BOOTSTRAP_PARAMETERS);
}

export function isSsmParameterType(type: string): boolean {
  return type === 'AWS::SSM::Parameter::Value<String>';
}

function readCloudAssembly(directory: string): Stack[] {
  const manifestFile = join(directory, 'manifest.json');
  const { artifacts } = readJson(manifestFile) as { artifacts?: Record<string, Artifact> };
  if (!isObject(artifacts))
    throw new LocalCloudError(`${manifestFile} is not the manifest of a cloud assembly: it has no artifacts`);

  const ofType = (type: string) => Object.entries(artifacts).filter(([, artifact]) => artifact.type === type);
  const required = (id: string, { properties }: Artifact, name: 'templateFile' | 'file' | 'directoryName'): string => {
    const value = properties?.[name];
    if (value === undefined) throw new LocalCloudError(`${manifestFile}: artifact ${id} has no ${name}`);
    return join(directory, value);
  };

  const assets = new Map(
    ofType('cdk:asset-manifest').flatMap(([id, artifact]) => readAssets(directory, required(id, artifact, 'file'))),
  );
  const stacks = ofType('aws:cloudformation:stack').map(([id, artifact]): Stack => ({
    name: artifact.properties?.stackName ?? id,
    template: readTemplate(required(id, artifact, 'templateFile')),
    assets,
  }));
  const nested = ofType('cdk:cloud-assembly').flatMap(([id, artifact]) =>
    readCloudAssembly(required(id, artifact, 'directoryName')),
  );
  return [...stacks, ...nested];
}

interface Artifact {
  type: string;
  properties?: { templateFile?: string; stackName?: string; file?: string; directoryName?: string };
}

interface AssetManifest {
  files?: Record<
    string,
    {
      source: { path?: string; packaging?: string };
      destinations: Record<string, { objectKey: string }>;
    }
  >;
}

function readAssets(directory: string, file: string): [string, FileAsset][] {
  const { files = {} } = readJson(file) as AssetManifest;
  return Object.values(files).flatMap(({ source, destinations }) =>
    Object.values(destinations ?? {}).map(({ objectKey }): [string, FileAsset] => [
      objectKey,
      { path: resolve(directory, source.path ?? ''), packaging: source.packaging ?? 'file' },
    ]),
  );
}

function readTemplate(file: string): Template {
  const template = readJson(file);
  if (!isObject(template) || !isObject(template.Resources))
    throw new LocalCloudError(`${file} is not a template: it has no Resources`);
  refuseUnknown(Object.keys(template), TEMPLATE_SECTIONS, `${file} has the section`);
  for (const [logicalId, resource] of Object.entries(template.Resources)) {
    if (!isObject(resource) || typeof resource.Type !== 'string')
      throw new LocalCloudError(`${file}: resource ${logicalId} has no Type`);
    refuseUnknown(Object.keys(resource), RESOURCE_ATTRIBUTES, `${file}: resource ${logicalId} has the attribute`);
  }
  return template as unknown as Template;
}

function refuseUnknown(found: string[], known: string[], subject: string): void {
  const unknown = found.find((name) => !known.includes(name));
  if (unknown) throw new LocalCloudError(`${subject} ${unknown}, which the local cloud does not support`);
}

function readJson(file: string): unknown {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    const missing = (error as NodeJS.ErrnoException).code === 'ENOENT';
    throw new LocalCloudError(
      missing ? `${file} does not exist; run "pnpm synth" first` : `${file} cannot be read: ${String(error)}`,
    );
  }
  try {
    const value: unknown = JSON.parse(text);
    if (!isObject(value)) throw new Error('it is not an object');
    return value;
  } catch (error) {
    throw new LocalCloudError(`${file} is not valid JSON: ${(error as Error).message}`);
  }
}

function parameterCreators(stacks: Stack[]): Map<string, Stack> {
  const creators = new Map<string, Stack>();
  for (const stack of stacks) {
    for (const [logicalId, resource] of Object.entries(stack.template.Resources)) {
      if (resource.Type !== 'AWS::SSM::Parameter' || resource.Properties?.Name === undefined) continue;
      // The order of the stacks depends on these names, so they are evaluated before any stack is provisioned.
      const name = evaluate(
        resource.Properties.Name,
        {
          stackName: stack.name,
          where: `stack ${stack.name}: resource ${logicalId}`,
          parameters: {},
        },
        'Name',
      ) as string;
      const other = creators.get(name);
      if (other)
        throw new LocalCloudError(
          `the SSM parameter ${name} is created twice: by stack ${other.name} and by stack ${stack.name}`,
        );
      creators.set(name, stack);
    }
  }
  return creators;
}

function requiredParameters({ template }: Stack): Set<string> {
  const required = new Set<string>();
  for (const { Type, Default } of Object.values(template.Parameters ?? {})) {
    if (isSsmParameterType(Type) && typeof Default === 'string' && !isBootstrapParameter(Default))
      required.add(Default);
  }
  for (const [, name] of JSON.stringify(template.Resources).matchAll(/\{\{resolve:ssm:([^:}]+)/g)) required.add(name!);
  return required;
}

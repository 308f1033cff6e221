import { isBootstrapParameter, isSsmParameterType, orderStacks } from './cloud-assembly.ts';
import type { Stack, TemplateParameter, TemplateResource } from './cloud-assembly.ts';
import { evaluate, isConditionTrue, references } from './intrinsics.ts';
import type { ResourceValues, Scope } from './intrinsics.ts';
import { LocalCloudError } from '../local-cloud-error.ts';
import { httpApi, httpAuthorizer, httpIntegration, httpRoute, httpStage } from './resources/api-gateway.ts';
import { table } from './resources/dynamodb.ts';
import { eventArchive, eventBus, eventRule } from './resources/events.ts';
import { eventSourceMapping, lambdaFunction } from './resources/lambda.ts';
import { logGroup } from './resources/logs.ts';
import { Properties } from './resources/properties.ts';
import { queue } from './resources/queues.ts';
import type { Machine, ResourceKind } from './resources/resource-kind.ts';
import { ssmParameter } from './resources/ssm.ts';
import { TYPES_WITHOUT_EFFECT, valuesWithoutEffect } from './resources/without-effect.ts';

/** The types of resource that the local cloud runs. */
const KINDS: Record<string, ResourceKind> = {
  'AWS::ApiGatewayV2::Api': httpApi,
  'AWS::ApiGatewayV2::Authorizer': httpAuthorizer,
  'AWS::ApiGatewayV2::Integration': httpIntegration,
  'AWS::ApiGatewayV2::Route': httpRoute,
  'AWS::ApiGatewayV2::Stage': httpStage,
  'AWS::DynamoDB::Table': table,
  'AWS::Events::Archive': eventArchive,
  'AWS::Events::EventBus': eventBus,
  'AWS::Events::Rule': eventRule,
  'AWS::Lambda::EventSourceMapping': eventSourceMapping,
  'AWS::Lambda::Function': lambdaFunction,
  'AWS::Logs::LogGroup': logGroup,
  'AWS::SQS::Queue': queue,
  'AWS::SSM::Parameter': ssmParameter,
};

/**
 * Creates the resources of all stacks. Each stack comes after the stacks whose SSM parameters it reads, each resource
 * after the resources it refers to.
 * @throws LocalCloudError, with the stack, the resource and the property that is not supported
 */
export async function provisionStacks(stacks: Stack[], machine: Machine): Promise<void> {
  stacks.forEach(refuseUnknownTypes);
  for (const stack of orderStacks(stacks, (name) => machine.parameters.get(name) !== undefined))
    await provisionStack(stack, machine);
}

async function provisionStack({ name, template, assets }: Stack, machine: Machine): Promise<void> {
  const scope: Scope = {
    stackName: name,
    where: `stack ${name}`,
    parameters: {},
    mappings: template.Mappings ?? {},
    conditions: template.Conditions ?? {},
    resources: new Map<string, ResourceValues>(),
    parameterStore: (parameterName) => machine.parameters.get(parameterName),
  };
  for (const [parameter, declaration] of Object.entries(template.Parameters ?? {})) {
    scope.parameters[parameter] = parameterValue(parameter, declaration, scope);
  }

  for (const [logicalId, resource] of inDependencyOrder(name, template.Resources)) {
    const where = `stack ${name}: resource ${logicalId}`;
    if (resource.Condition !== undefined && !isConditionTrue(resource.Condition, { ...scope, where })) continue;
    const withoutEffect = TYPES_WITHOUT_EFFECT[resource.Type];
    if (withoutEffect) {
      scope.resources!.set(logicalId, valuesWithoutEffect(withoutEffect, name, logicalId));
      continue;
    }
    const properties = evaluateProperties(resource, { ...scope, where });
    try {
      scope.resources!.set(
        logicalId,
        await KINDS[resource.Type]!.create({ stackName: name, logicalId, properties, assets }, machine),
      );
    } catch (error) {
      // The parts of the machine throw errors without the stack and the resource.
      const { message } = error as Error;
      throw message.startsWith(where) ? error : new LocalCloudError(`${where}: ${message}`);
    }
  }
}

function refuseUnknownTypes({ name, template }: Stack): void {
  for (const [logicalId, { Type }] of Object.entries(template.Resources)) {
    if (Type in KINDS || Type in TYPES_WITHOUT_EFFECT) continue;
    throw new LocalCloudError(
      `stack ${name}: resource ${logicalId} has type ${Type}, which the local cloud does not run; ` +
        'it runs EventBridge, SQS, Lambda, DynamoDB, HTTP APIs, log groups and SSM parameters (README of packages/local-cloud)',
    );
  }
}

function evaluateProperties({ Type, Properties: written = {} }: TemplateResource, scope: Scope): Properties {
  const { properties, withoutEffect } = KINDS[Type]!;
  new Properties(scope.where, written).allowOnly(...properties, ...withoutEffect);
  const effective = Object.fromEntries(Object.entries(written).filter(([property]) => properties.includes(property)));
  return new Properties(scope.where, evaluate(effective, scope, '') as Record<string, unknown>);
}

function parameterValue(name: string, { Type, Default }: TemplateParameter, scope: Scope): unknown {
  if (Default === undefined) return fail('it has no default, and the local cloud takes no values for parameters');
  if (isSsmParameterType(Type)) {
    if (isBootstrapParameter(Default)) return Default;
    return scope.parameterStore!(`${Default}`) ?? fail(`there is no SSM parameter ${Default}`);
  }
  if (Type === 'CommaDelimitedList') return `${Default}`.split(',').map((element) => element.trim());
  return Type === 'String' || Type === 'Number' ? Default : fail(`the local cloud does not support the type ${Type}`);

  function fail(message: string): never {
    throw new LocalCloudError(`stack ${scope.stackName}: parameter ${name}: ${message}`);
  }
}

function inDependencyOrder(
  stackName: string,
  resources: Record<string, TemplateResource>,
): [string, TemplateResource][] {
  const ordered = new Map<string, TemplateResource>();
  const path: string[] = [];

  const visit = (logicalId: string): void => {
    const resource = resources[logicalId];
    if (!resource || ordered.has(logicalId)) return;
    if (path.includes(logicalId)) {
      const cycle = [...path.slice(path.indexOf(logicalId)), logicalId].join(' → ');
      throw new LocalCloudError(`stack ${stackName}: resources depend on each other: ${cycle}`);
    }
    path.push(logicalId);
    references(resource.Properties).forEach(visit);
    [resource.DependsOn ?? []].flat().forEach(visit);
    path.pop();
    ordered.set(logicalId, resource);
  };

  Object.keys(resources).forEach(visit);
  return [...ordered];
}

import { EventBus, type IEventBus } from 'aws-cdk-lib/aws-events';
import { HttpApi, type IHttpApi } from 'aws-cdk-lib/aws-apigatewayv2';
import { StringParameter } from 'aws-cdk-lib/aws-ssm';
import type { Construct } from 'constructs';
import { parameterName } from './names.ts';

/** The platform's bus, found by its parameter when the stack is deployed. */
export function platformBus(scope: Construct): IEventBus {
  const name = StringParameter.valueForStringParameter(scope, parameterName(scope, 'bus', 'name'));
  return EventBus.fromEventBusName(scope, 'Bus', name);
}

/** Name of the platform's registry of schemas, found by its parameter when the stack is deployed. */
export function platformSchemaRegistry(scope: Construct): string {
  return StringParameter.valueForStringParameter(scope, parameterName(scope, 'schemas', 'registry'));
}

/** The platform's HTTP API, found by its parameter when the stack is deployed. */
export function platformApi(scope: Construct): IHttpApi {
  const httpApiId = StringParameter.valueForStringParameter(scope, parameterName(scope, 'api', 'id'));
  return HttpApi.fromHttpApiAttributes(scope, 'FrontDoor', { httpApiId });
}

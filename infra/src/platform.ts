import { EventBus, type IEventBus } from 'aws-cdk-lib/aws-events';
import { HttpApi, type IHttpApi } from 'aws-cdk-lib/aws-apigatewayv2';
import { Topic, type ITopic } from 'aws-cdk-lib/aws-sns';
import { StringParameter } from 'aws-cdk-lib/aws-ssm';
import type { Construct } from 'constructs';
import { parameterName } from './names.ts';

/** The platform's bus, found by its parameter when the stack is deployed. */
export function platformBus(scope: Construct): IEventBus {
  const name = StringParameter.valueForStringParameter(scope, parameterName(scope, 'bus', 'name'));
  return EventBus.fromEventBusName(scope, 'Bus', name);
}

/** The platform's HTTP API, found by its parameter when the stack is deployed. */
export function platformApi(scope: Construct): IHttpApi {
  const httpApiId = StringParameter.valueForStringParameter(scope, parameterName(scope, 'api', 'id'));
  return HttpApi.fromHttpApiAttributes(scope, 'FrontDoor', { httpApiId });
}

/** Where the platform wants alarms to be told, found by its parameter when the stack is deployed. */
export function platformAlarmsTopic(scope: Construct): ITopic {
  return Topic.fromTopicArn(
    scope,
    'AlarmsTopic',
    StringParameter.valueForStringParameter(scope, parameterName(scope, 'alarms', 'topic-arn')),
  );
}

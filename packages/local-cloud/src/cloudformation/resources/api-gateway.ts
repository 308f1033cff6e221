import { functionNameOf } from './lambda.ts';
import { stableHash } from './resource-kind.ts';
import type { ResourceKind, ResourceToCreate } from './resource-kind.ts';

export const httpApi: ResourceKind = {
  properties: ['Name', 'ProtocolType', 'CorsConfiguration'],
  withoutEffect: ['Description', 'DisableExecuteApiEndpoint', 'FailOnWarnings', 'IpAddressType', 'Tags', 'Version'],
  create: (resource, machine) => {
    const { properties } = resource;
    if (properties.text('ProtocolType') !== 'HTTP') properties.fail('the local cloud runs HTTP APIs only');
    const cors = properties
      .group('CorsConfiguration')
      ?.allowOnly('AllowCredentials', 'AllowHeaders', 'AllowMethods', 'AllowOrigins', 'ExposeHeaders', 'MaxAge');
    const maxAgeSeconds = cors?.number('MaxAge');
    const id = gatewayId(resource, 10);
    machine.httpApi.defineApi({
      id,
      name: properties.requiredText('Name'),
      ...(cors && {
        cors: {
          allowOrigins: cors.texts('AllowOrigins') ?? [],
          allowMethods: cors.texts('AllowMethods') ?? [],
          allowHeaders: cors.texts('AllowHeaders') ?? [],
          exposeHeaders: cors.texts('ExposeHeaders') ?? [],
          allowCredentials: cors.flag('AllowCredentials') ?? false,
          ...(maxAgeSeconds !== undefined && { maxAgeSeconds }),
        },
      }),
    });
    return { ref: id, attributes: { ApiId: id, ApiEndpoint: machine.httpApi.endpoint } };
  },
};

export const httpStage: ResourceKind = {
  properties: ['ApiId', 'StageName', 'AutoDeploy', 'DefaultRouteSettings'],
  // The local cloud has no log groups.
  withoutEffect: ['AccessLogSettings', 'Description', 'Tags'],
  create: ({ properties }, machine) => {
    const name = properties.requiredText('StageName');
    if (name !== '$default') properties.fail(`the local cloud serves the stage $default only, not ${name}`);
    if (!properties.flag('AutoDeploy')) properties.fail('the local cloud runs stages with AutoDeploy only');
    const settings = properties
      .group('DefaultRouteSettings')
      ?.allowOnly('ThrottlingRateLimit', 'ThrottlingBurstLimit', 'DetailedMetricsEnabled');
    const rate = settings?.number('ThrottlingRateLimit');
    const burst = settings?.number('ThrottlingBurstLimit');
    if ((rate === undefined) !== (burst === undefined))
      properties.fail('ThrottlingRateLimit and ThrottlingBurstLimit must be given together');
    const throttling = rate !== undefined && burst !== undefined ? { rate, burst } : undefined;
    machine.httpApi.deploy(properties.requiredText('ApiId'), throttling);
    return { ref: name, attributes: {} };
  },
};

export const httpIntegration: ResourceKind = {
  properties: ['ApiId', 'IntegrationType', 'IntegrationUri', 'PayloadFormatVersion', 'TimeoutInMillis'],
  withoutEffect: ['ConnectionType', 'Description', 'IntegrationMethod'],
  create: (resource, machine) => {
    const { properties } = resource;
    if (properties.text('IntegrationType') !== 'AWS_PROXY')
      properties.fail('the local cloud runs integrations of type AWS_PROXY only');
    if (properties.text('PayloadFormatVersion') !== '2.0')
      properties.fail('the local cloud supports payload format version 2.0 only');
    const functionName = functionNameOf(properties.requiredText('IntegrationUri'));
    if (!machine.functions.definition(functionName)) properties.fail(`there is no function ${functionName}`);
    const id = gatewayId(resource, 7);
    machine.httpApi.addIntegration({
      id,
      apiId: properties.requiredText('ApiId'),
      functionName,
      timeoutMilliseconds: properties.number('TimeoutInMillis') ?? 30_000,
    });
    return { ref: id, attributes: { IntegrationId: id } };
  },
};

export const httpAuthorizer: ResourceKind = {
  properties: ['ApiId', 'AuthorizerType', 'IdentitySource', 'JwtConfiguration'],
  withoutEffect: ['Name'],
  create: (resource, machine) => {
    const { properties } = resource;
    if (properties.text('AuthorizerType') !== 'JWT')
      properties.fail('the local cloud runs authorizers of type JWT only');
    if (properties.texts('IdentitySource')?.join() !== '$request.header.Authorization')
      properties.fail('the local cloud reads tokens from $request.header.Authorization only');
    const jwt = properties.group('JwtConfiguration')?.allowOnly('Issuer', 'Audience');
    if (!jwt) return properties.fail('JwtConfiguration is missing');
    const id = gatewayId(resource, 6);
    machine.httpApi.addAuthorizer(id, properties.requiredText('ApiId'), {
      issuer: jwt.requiredText('Issuer'),
      audience: jwt.texts('Audience') ?? [],
    });
    return { ref: id, attributes: { AuthorizerId: id } };
  },
};

export const httpRoute: ResourceKind = {
  properties: ['ApiId', 'RouteKey', 'Target', 'AuthorizationType', 'AuthorizerId'],
  withoutEffect: ['OperationName'],
  create: (resource, machine) => {
    const { properties } = resource;
    const authorization = properties.text('AuthorizationType') ?? 'NONE';
    if (authorization !== 'NONE' && authorization !== 'JWT')
      properties.fail(`the local cloud does not run the authorization type ${authorization}`);
    machine.httpApi.addRoute({
      apiId: properties.requiredText('ApiId'),
      routeKey: properties.requiredText('RouteKey'),
      integrationId: properties.requiredText('Target').replace(/^integrations\//, ''),
      ...(authorization === 'JWT' && { authorizerId: properties.requiredText('AuthorizerId') }),
    });
    const id = gatewayId(resource, 7);
    return { ref: id, attributes: { RouteId: id } };
  },
};

function gatewayId({ stackName, logicalId }: ResourceToCreate, length: number): string {
  return stableHash(`${stackName}/${logicalId}`, length);
}

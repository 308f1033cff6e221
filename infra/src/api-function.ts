import { Duration } from 'aws-cdk-lib';
import { HttpMethod, HttpRoute, HttpRouteKey, type IHttpApi } from 'aws-cdk-lib/aws-apigatewayv2';
import { HttpLambdaIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations';
import type { Construct } from 'constructs';
import { NodeFunction, type NodeFunctionProps } from './node-function.ts';

export interface ApiFunctionProps extends Omit<NodeFunctionProps, 'timeout' | 'kind'> {
  readonly api: IHttpApi;
  /** Route keys of the HTTP API, e.g. `GET /flights/{flightId}/seats`. */
  readonly routes: readonly string[];
  /** @default 29 seconds, just below the HTTP API's own limit */
  readonly timeout?: Duration;
}

/** A function behind routes of the platform's HTTP API. */
export class ApiFunction extends NodeFunction {
  constructor(scope: Construct, id: string, { api, routes, timeout = Duration.seconds(29), ...props }: ApiFunctionProps) {
    super(scope, id, { timeout, kind: 'api', ...props });
    const integration = new HttpLambdaIntegration('Integration', this);
    for (const route of routes) {
      const [method, path] = route.split(' ') as [keyof typeof HttpMethod, string];
      new HttpRoute(this, route.replaceAll(/[^A-Za-z]+/g, '-'), {
        httpApi: api,
        routeKey: HttpRouteKey.with(path, HttpMethod[method]),
        integration,
      });
    }
  }
}

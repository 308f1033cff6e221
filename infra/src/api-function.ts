import { Duration, Stack } from 'aws-cdk-lib';
import {
  CfnIntegration,
  CfnRoute,
  HttpMethod,
  HttpRoute,
  HttpRouteKey,
  type IHttpApi,
} from 'aws-cdk-lib/aws-apigatewayv2';
import { HttpLambdaIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations';
import type { Construct } from 'constructs';
import { countFromContext } from './names.ts';
import { NodeFunction, type NodeFunctionProps } from './node-function.ts';
import { requireCustomerLogin } from './platform.ts';
import { justify } from './policies/justify.ts';

export interface ApiFunctionProps extends Omit<NodeFunctionProps, 'timeout' | 'kind'> {
  readonly api: IHttpApi;
  /** Route keys of the HTTP API, e.g. `GET /flights/{flightId}/seats`. */
  readonly routes: readonly string[];
  /**
   * A sentence: why these routes are public, so that callers need no login.
   * @default the routes require a logged-in customer if the platform has an authorizer
   */
  readonly publicReason?: string;
  /** @default 29 seconds, just below the limit of an HTTP API */
  readonly timeout?: Duration;
}

/** A Lambda function that serves routes of the platform's HTTP API. */
export class ApiFunction extends NodeFunction {
  constructor(scope: Construct, id: string, props: ApiFunctionProps) {
    const { api, routes, publicReason, timeout = Duration.seconds(29), ...functionProps } = props;
    super(scope, id, { timeout, kind: 'api', ...concurrencyFromContext(scope), ...functionProps });
    const integration = new HttpLambdaIntegration('Integration', this);
    for (const routeKey of routes) {
      const [method, path] = routeKey.split(' ') as [keyof typeof HttpMethod, string];
      const route = new HttpRoute(this, routeKey.replaceAll(/[^A-Za-z]+/g, '-'), {
        httpApi: api,
        routeKey: HttpRouteKey.with(path, HttpMethod[method]),
        integration,
      });
      if (publicReason === undefined) requireCustomerLogin(route);
      else
        for (const finding of [`public-route ${routeKey}`, 'AwsSolutions-APIG4']) justify(route, finding, publicReason);
    }
    changeApiStepByStep(Stack.of(this));
  }
}

/**
 * CloudFormation creates and deletes resources side by side unless one depends on the other. API Gateway refuses
 * changes of one API at the same time: `ConflictException: Unable to complete operation due to concurrent
 * modification` (https://github.com/hashicorp/terraform-provider-aws/issues/18018).
 */
function changeApiStepByStep(stack: Stack): void {
  const changes = stack.node.findAll().filter((each) => each instanceof CfnIntegration || each instanceof CfnRoute);
  changes.slice(1).forEach((each, index) => each.addResourceDependency(changes[index]!));
}

/**
 * The context value `apiConcurrency`: how many invocations are reserved for this function. A request with `?wait`
 * keeps its invocation busy for up to 25 seconds. A reservation stops such requests from using up the account's
 * concurrency, which the consumers need too.
 */
function concurrencyFromContext(scope: Construct): { reservedConcurrentExecutions?: number } {
  if (scope.node.tryGetContext('apiConcurrency') === undefined) return {};
  const limits = { byDefault: 0, minimum: 1, maximum: 10_000 };
  return { reservedConcurrentExecutions: countFromContext(scope, 'apiConcurrency', limits) };
}

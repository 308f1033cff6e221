import { RemovalPolicy } from 'aws-cdk-lib';
import { AccessLogFormat } from 'aws-cdk-lib/aws-apigateway';
import {
  type CfnStage,
  HttpApi,
  HttpAuthorizer,
  HttpAuthorizerType,
  HttpStage,
  LogGroupLogDestination,
} from 'aws-cdk-lib/aws-apigatewayv2';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { airlineName, countFromContext } from './names.ts';

/** Value of the SSM parameter `api/authorizer-id` when the API has no authorizer. */
export const noAuthorizer = 'none';

/**
 * The fields of the access log. Address and path are left out on purpose: an IP address is personal data, and without a
 * login a booking's id is enough to see the booking.
 */
const accessLogFields = {
  requestId: '$context.requestId',
  requestTime: '$context.requestTime',
  routeKey: '$context.routeKey',
  status: '$context.status',
  responseLatency: '$context.responseLatency',
  responseLength: '$context.responseLength',
  integrationStatus: '$context.integrationStatus',
  integrationError: '$context.integrationErrorMessage',
  authorizerError: '$context.authorizer.error',
};

/**
 * The one HTTP API, to which each service adds its own routes. It has throttling, an access log and, if the operator
 * names an issuer (`-c jwtIssuer=… -c jwtAudience=…`), a JWT authorizer for customers. It has no CORS, so browsers do
 * not let pages of other origins read its answers.
 */
export class FrontDoor extends Construct {
  readonly api: HttpApi;
  /** Id of the authorizer, or {@link noAuthorizer}. */
  readonly authorizerId: string;

  constructor(scope: Construct, id: string) {
    super(scope, id);
    const api = new HttpApi(this, 'Api', {
      apiName: airlineName(this),
      description: 'The one HTTP API; each service adds its own routes',
      createDefaultStage: false,
    });
    const accessLog = new LogGroup(this, 'AccessLog', {
      retention: RetentionDays.ONE_MONTH,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    const stage = new HttpStage(this, 'Stage', {
      httpApi: api,
      stageName: '$default',
      autoDeploy: true,
      // Every route has this rate (requests per second) and this burst to itself. The default is below the account's
      // limit of 10,000 per second, so other APIs of the account keep a share.
      throttle: {
        rateLimit: countFromContext(this, 'apiRateLimit', { byDefault: 500, minimum: 1, maximum: 10_000 }),
        burstLimit: countFromContext(this, 'apiBurstLimit', { byDefault: 1000, minimum: 1, maximum: 5000 }),
      },
      accessLogSettings: {
        destination: new LogGroupLogDestination(accessLog),
        format: AccessLogFormat.custom(JSON.stringify(accessLogFields)),
      },
    });
    (stage.node.defaultChild as CfnStage).routeSettings = statusRouteSettings(this);
    this.api = api;
    this.authorizerId = this.#authorizer(api, stage);
  }

  #authorizer(api: HttpApi, stage: HttpStage): string {
    const issuer = this.node.tryGetContext('jwtIssuer') as unknown;
    const audience = this.node.tryGetContext('jwtAudience') as unknown;
    if (issuer === undefined && audience === undefined) return noAuthorizer;
    const audiences = (Array.isArray(audience) ? audience : [audience]).filter(
      (each) => typeof each === 'string' && each !== '',
    );
    if (typeof issuer !== 'string' || audiences.length === 0) {
      throw new Error(
        "Set both context values or none: jwtIssuer is the issuer of the customers' tokens, jwtAudience their audience. " +
          `jwtIssuer is ${JSON.stringify(issuer)}, jwtAudience is ${JSON.stringify(audience)}.`,
      );
    }
    requireIssuer(issuer);
    const authorizer = new HttpAuthorizer(this, 'Customers', {
      httpApi: api,
      authorizerName: 'customers',
      type: HttpAuthorizerType.JWT,
      identitySource: ['$request.header.Authorization'],
      jwtIssuer: issuer,
      jwtAudience: audiences as string[],
    });
    // API Gateway refuses two changes of one API at the same time.
    stage.node.addDependency(authorizer);
    return authorizer.authorizerId;
  }
}

/**
 * A limit of its own for the route that may wait (`-c statusRateLimit=…`, requests per second; the burst is twice it).
 * There is none by default: the status service owns the route, and API Gateway refuses a stage with settings of a route
 * that does not exist yet (`Unable to find Route by key`), so the first deployment of the platform would fail.
 */
function statusRouteSettings(scope: Construct): Record<string, Record<string, number>> | undefined {
  if (scope.node.tryGetContext('statusRateLimit') === undefined) return undefined;
  const rate = countFromContext(scope, 'statusRateLimit', { byDefault: 0, minimum: 1, maximum: 2500 });
  // CloudFormation takes this property as JSON, so the names are CloudFormation's own.
  return { 'GET /bookings/{bookingId}': { ThrottlingRateLimit: rate, ThrottlingBurstLimit: 2 * rate } };
}

/**
 * API Gateway requires an https issuer. The local cloud also accepts http on this machine.
 * @throws Error for any other issuer
 */
function requireIssuer(issuer: string): void {
  const url = URL.canParse(issuer) ? new URL(issuer) : undefined;
  const isLocal = url?.protocol === 'http:' && ['localhost', '127.0.0.1'].includes(url.hostname);
  if (url?.protocol === 'https:' || isLocal) return;
  throw new Error(
    `Context value jwtIssuer must be the https URL of an OpenID issuer, such as https://login.airline.example; it is ${JSON.stringify(issuer)}.`,
  );
}

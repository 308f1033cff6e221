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
import { airlineName, countFromContext, noAuthorizer } from './names.ts';

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
 * The one HTTP API, to which each service adds its own routes. It has throttling, an access log and, unless the
 * operator says `-c login=off`, a JWT authorizer for customers (`-c jwtIssuer=… -c jwtAudience=…`). It has no CORS, so
 * browsers do not let pages of other origins read its answers.
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
    const login = loginFromContext(this);
    if (login === 'off') return noAuthorizer;
    const authorizer = new HttpAuthorizer(this, 'Customers', {
      httpApi: api,
      authorizerName: 'customers',
      type: HttpAuthorizerType.JWT,
      identitySource: ['$request.header.Authorization'],
      jwtIssuer: login.issuer,
      jwtAudience: login.audiences,
    });
    // API Gateway refuses two changes of one API at the same time.
    stage.node.addDependency(authorizer);
    return authorizer.authorizerId;
  }
}

/**
 * Whether customers log in. There is no default: a deployment that forgot the issuer would make every booking public.
 * @throws Error that says what to type, unless the context has `login=off` or an issuer and its audience
 */
function loginFromContext(scope: Construct): 'off' | { issuer: string; audiences: string[] } {
  const context = (key: string): unknown => scope.node.tryGetContext(key);
  const [login, issuer, audience] = [context('login'), context('jwtIssuer'), context('jwtAudience')];
  const given = `login is ${shown(login)}, jwtIssuer is ${shown(issuer)}, jwtAudience is ${shown(audience)}.`;
  if (login === 'off' && issuer === undefined && audience === undefined) return 'off';
  const audiences = [audience].flat().filter((each): each is string => typeof each === 'string' && each !== '');
  if (login !== undefined || typeof issuer !== 'string' || audiences.length === 0) {
    throw new Error(
      'Say whether customers log in. If they do, type -c jwtIssuer=https://… -c jwtAudience=…: the issuer and the ' +
        'audience of their tokens, both. If they do not, type -c login=off and neither of them: then whoever knows the ' +
        `id of a booking can see and cancel it. ${given}`,
    );
  }
  requireIssuer(issuer);
  return { issuer, audiences };
}

function shown(value: unknown): string {
  return value === undefined ? 'not given' : JSON.stringify(value);
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

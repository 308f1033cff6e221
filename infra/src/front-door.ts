import { RemovalPolicy } from 'aws-cdk-lib';
import { AccessLogFormat } from 'aws-cdk-lib/aws-apigateway';
import {
  HttpApi,
  HttpAuthorizer,
  HttpAuthorizerType,
  HttpStage,
  LogGroupLogDestination,
} from 'aws-cdk-lib/aws-apigatewayv2';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { airlineName, countFromContext } from './names.ts';

/** What the parameter of the authorizer says where there is none. */
export const noAuthorizer = 'none';

/** What is written of each request. Neither who asked nor what for: an address is personal, and a booking's id opens it. */
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
 * The one HTTP API, to which each service adds its own routes: its limits, its access log and, where the operator names an issuer
 * (`-c jwtIssuer=… -c jwtAudience=…`), the authorizer of its customers. No CORS: no browser asks from another origin.
 */
export class FrontDoor extends Construct {
  readonly api: HttpApi;
  /** Of the authorizer, or {@link noAuthorizer}. */
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
    new HttpStage(this, 'Stage', {
      httpApi: api,
      stageName: '$default',
      autoDeploy: true,
      // Each route has these, and a bucket of its own. Below the account's 10,000 a second, so that others have a share.
      throttle: {
        rateLimit: countFromContext(this, 'apiRateLimit', { byDefault: 500, minimum: 1, maximum: 10_000 }),
        burstLimit: countFromContext(this, 'apiBurstLimit', { byDefault: 1000, minimum: 1, maximum: 5000 }),
      },
      accessLogSettings: {
        destination: new LogGroupLogDestination(accessLog),
        format: AccessLogFormat.custom(JSON.stringify(accessLogFields)),
      },
    });
    this.api = api;
    this.authorizerId = this.#authorizer(api);
  }

  #authorizer(api: HttpApi): string {
    const issuer = this.node.tryGetContext('jwtIssuer') as unknown;
    const audience = this.node.tryGetContext('jwtAudience') as unknown;
    if (issuer === undefined && audience === undefined) return noAuthorizer;
    const audiences = (Array.isArray(audience) ? audience : [audience]).filter(
      (each) => typeof each === 'string' && each !== '',
    );
    if (typeof issuer !== 'string' || audiences.length === 0) {
      throw new Error(
        'Context values jwtIssuer and jwtAudience go together: who issues the tokens of customers, and for whom they must be; ' +
          `they are ${JSON.stringify(issuer)} and ${JSON.stringify(audience)}.`,
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
    return authorizer.authorizerId;
  }
}

/** API Gateway asks for https. The local cloud takes an issuer on this machine as well. @throws Error for any other */
function requireIssuer(issuer: string): void {
  const url = URL.canParse(issuer) ? new URL(issuer) : undefined;
  const isLocal = url?.protocol === 'http:' && ['localhost', '127.0.0.1'].includes(url.hostname);
  if (url?.protocol === 'https:' || isLocal) return;
  throw new Error(
    `Context value jwtIssuer must be the https address of an OpenID issuer, such as https://login.airline.example; it is ${JSON.stringify(issuer)}.`,
  );
}

import { App } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { describe, expect, test } from '@jest/globals';
import { PlatformStack } from '../src/platform-stack.ts';

const platformWith = (context: Record<string, unknown>): Template =>
  Template.fromStack(new PlatformStack(new App({ context }), 'airline-platform'));
const platform = (context: Record<string, unknown> = {}): Template => platformWith({ login: 'off', ...context });
const issuer = { jwtIssuer: 'https://login.airline.example', jwtAudience: 'airline' };

const authorizerParameter = (template: Template): unknown => {
  const parameters = Object.values(template.findResources('AWS::SSM::Parameter'));
  return parameters
    .map(({ Properties }) => Properties as { Name: string; Value: unknown })
    .find(({ Name }) => Name === '/airline/api/authorizer-id')!.Value;
};

describe('the front door', () => {
  test('throttles each route, with limits that an operator can set', () => {
    platform().hasResourceProperties('AWS::ApiGatewayV2::Stage', {
      DefaultRouteSettings: { ThrottlingRateLimit: 500, ThrottlingBurstLimit: 1000 },
    });
    platform({ apiRateLimit: '20', apiBurstLimit: '40' }).hasResourceProperties('AWS::ApiGatewayV2::Stage', {
      DefaultRouteSettings: { ThrottlingRateLimit: 20, ThrottlingBurstLimit: 40 },
    });
    expect(() => platform({ apiRateLimit: 'much' })).toThrow(
      'Context value apiRateLimit must be a whole number from 1 to 10000; it is "much".',
    );
  });

  test('gives the status route a limit of its own only when told to: the route must exist before the stage names it', () => {
    platform().hasResourceProperties('AWS::ApiGatewayV2::Stage', { RouteSettings: Match.absent() });
    platform({ statusRateLimit: '100' }).hasResourceProperties('AWS::ApiGatewayV2::Stage', {
      DefaultRouteSettings: { ThrottlingRateLimit: 500, ThrottlingBurstLimit: 1000 },
      RouteSettings: { 'GET /bookings/{bookingId}': { ThrottlingRateLimit: 100, ThrottlingBurstLimit: 200 } },
    });
    expect(() => platform({ statusRateLimit: '0' })).toThrow(
      'Context value statusRateLimit must be a whole number from 1 to 2500; it is "0".',
    );
  });

  test('logs each request without the caller and without the booking', () => {
    const template = platform();
    const [stage] = Object.values(template.findResources('AWS::ApiGatewayV2::Stage'));
    const { Format } = (stage!.Properties as { AccessLogSettings: { Format: string } }).AccessLogSettings;
    expect(JSON.parse(Format)).toMatchObject({ routeKey: '$context.routeKey', status: '$context.status' });
    expect(Format).not.toMatch(/identity|sourceIp|userAgent|path|claims|principal/i);
    template.hasResourceProperties('AWS::Logs::LogGroup', { RetentionInDays: 30 });
  });

  test('has no CORS, so pages of other origins cannot read its answers', () => {
    platform().hasResourceProperties('AWS::ApiGatewayV2::Api', { CorsConfiguration: Match.absent() });
  });

  test('has no authorizer if login is off, and its parameter then is none', () => {
    const template = platformWith({ login: 'off' });
    template.resourceCountIs('AWS::ApiGatewayV2::Authorizer', 0);
    expect(authorizerParameter(template)).toBe('none');
  });

  test.each<[unknown]>([['airline'], [['airline']]])(
    'has a JWT authorizer for an issuer and the audience %j',
    (jwtAudience) => {
      const template = platformWith({ ...issuer, jwtAudience });
      template.hasResourceProperties('AWS::ApiGatewayV2::Authorizer', {
        AuthorizerType: 'JWT',
        IdentitySource: ['$request.header.Authorization'],
        JwtConfiguration: { Issuer: 'https://login.airline.example', Audience: ['airline'] },
      });
      expect(authorizerParameter(template)).toEqual({ Ref: expect.stringMatching(/^FrontDoorCustomers/) });
    },
  );

  const howTo = 'If they do, type -c jwtIssuer=https://… -c jwtAudience=…';
  test.each<[Record<string, unknown>, string[]]>([
    [{}, [howTo, 'If they do not, type -c login=off', 'login is not given, jwtIssuer is not given']],
    [{ ...issuer, jwtAudience: undefined }, [howTo, 'jwtAudience is not given']],
    [{ ...issuer, jwtIssuer: undefined }, [howTo, 'jwtIssuer is not given']],
    [{ ...issuer, jwtAudience: '' }, [howTo, 'jwtAudience is "".']],
    [{ ...issuer, login: 'off' }, [howTo, 'type -c login=off and neither of them', 'login is "off"']],
    [{ ...issuer, login: 'on' }, [howTo, 'login is "on"']],
    [{ jwtAudience: 'airline', login: 'off' }, [howTo, 'jwtAudience is "airline"']],
    [{ login: 'no' }, [howTo, 'login is "no"']],
    [{ login: '' }, [howTo, 'login is ""']],
    [{ login: false }, [howTo, 'login is false']],
    [{ ...issuer, jwtIssuer: 'login.airline.example' }, ['must be the https URL of an OpenID issuer']],
    [{ ...issuer, jwtIssuer: 'http://login.airline.example' }, ['must be the https URL of an OpenID issuer']],
  ])('does not guess whether customers log in, and refuses %j', (context, sentences) => {
    for (const sentence of sentences) expect(() => platformWith(context)).toThrow(sentence);
  });
});

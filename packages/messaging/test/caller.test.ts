import { describe, expect, test } from '@jest/globals';
import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import { callerOf } from '../src/caller.ts';

const callerFor = (authorizer?: unknown) =>
  callerOf({ requestContext: { authorizer } } as unknown as APIGatewayProxyEventV2);

describe('the caller', () => {
  test('is anonymous on a route without an authorizer', () => {
    expect(callerFor()).toEqual({ kind: 'caller' });
  });

  test('is the subject of the token that the authorizer verified', () => {
    expect(callerFor({ jwt: { claims: { sub: 'ada|42' }, scopes: null } })).toEqual({
      kind: 'caller',
      customerId: 'ada|42',
    });
  });

  // Fails closed: an authorizer of another kind must not make a protected route anonymous.
  test.each([{}, { jwt: {} }, { jwt: { claims: {} } }, { iam: { userId: 'x' } }, { jwt: { claims: { sub: 42 } } }])(
    'is refused when the authorizer names no customer: %j',
    (authorizer) => {
      expect(callerFor(authorizer)).toMatchObject({ kind: 'refused', answer: { statusCode: 403 } });
    },
  );
});

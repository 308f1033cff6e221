import { describe, expect, test } from '@jest/globals';
import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import { callerOf } from '../src/caller.ts';

const from = (authorizer?: unknown) =>
  callerOf({ requestContext: { authorizer } } as unknown as APIGatewayProxyEventV2);

describe('who asks', () => {
  test('is anyone on a route without an authorizer', () => {
    expect(from()).toEqual({ kind: 'caller' });
  });

  test('is the subject of the token that the authorizer verified', () => {
    expect(from({ jwt: { claims: { sub: 'ada|42' }, scopes: null } })).toEqual({
      kind: 'caller',
      customerId: 'ada|42',
    });
  });

  // Fails closed: an authorizer of another kind must not open what it was put there to protect.
  test.each([{}, { jwt: {} }, { jwt: { claims: {} } }, { iam: { userId: 'x' } }, { jwt: { claims: { sub: 42 } } }])(
    'is nobody behind an authorizer that names no customer: %j',
    (authorizer) => {
      expect(from(authorizer)).toMatchObject({ kind: 'refused', answer: { statusCode: 403 } });
    },
  );
});

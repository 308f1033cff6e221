import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { JwtAuthorizer } from '../../src/http-api/jwt-authorizer.ts';
import { startTokenIssuer, type TokenIssuer } from '../support/token-issuer.ts';

let issuer: TokenIssuer;
let authorizer: JwtAuthorizer;

beforeAll(async () => {
  issuer = await startTokenIssuer();
});
afterAll(() => issuer.stop());

beforeEach(() => {
  authorizer = new JwtAuthorizer({ issuer: issuer.issuer, audience: ['airline', 'airline-web'] });
});

const inAnHour = Math.floor(Date.now() / 1000) + 3600;
const anHourAgo = inAnHour - 7200;

describe('a JWT authorizer', () => {
  test.each(['Bearer ', 'bearer ', ''])(
    'accepts a valid token after %j and returns its claims as strings',
    async (prefix) => {
      const token = await issuer.token({ aud: ['airline', 'other'], level: 3, verified: true });
      const answer = await authorizer.authorize(`${prefix}${token}`);
      const claims = {
        sub: 'ada',
        iss: issuer.issuer,
        aud: '[airline other]',
        exp: expect.stringMatching(/^\d{10}$/),
        level: '3',
        verified: 'true',
      };
      expect(answer).toMatchObject({ kind: 'authorized', authorizer: { jwt: { claims, scopes: null } } });
    },
  );

  test('requests the keys of the issuer once', async () => {
    const before = issuer.keyRequests();
    for (let time = 0; time < 3; time++)
      expect((await authorizer.authorize(await issuer.token())).kind).toBe('authorized');
    expect(issuer.keyRequests() - before).toBe(1);
  });

  test('reads client_id when the token has no audience, and only then', async () => {
    const ofClient = await issuer.token({ aud: undefined, client_id: 'airline-web' });
    expect((await authorizer.authorize(ofClient)).kind).toBe('authorized');
    const ofAnother = await issuer.token({ aud: 'bank', client_id: 'airline-web' });
    expect((await authorizer.authorize(ofAnother)).kind).toBe('unauthorized');
  });

  test.each([
    ['no token', undefined],
    ['an empty token', 'Bearer '],
  ])('rejects %s without a reason', async (_, header) => {
    expect(await authorizer.authorize(header)).toEqual({ kind: 'unauthorized', challenge: 'Bearer' });
  });

  const rejected: [string, () => Promise<string>, string][] = [
    ['nonsense', async () => 'Bearer nonsense', 'the token cannot be decoded'],
    ['a token of another issuer', () => issuer.token({ iss: 'https://elsewhere.example' }), 'iss'],
    ['a token for another audience', () => issuer.token({ aud: 'bank' }), 'the token does not have a valid audience'],
    ['a token without an audience', () => issuer.token({ aud: undefined }), 'the token does not have a valid audience'],
    ['an expired token', () => issuer.token({ exp: anHourAgo }), 'the token has expired'],
    ['a token that never expires', () => issuer.token({ exp: undefined }), 'exp'],
    ['a token that is not valid yet', () => issuer.token({ nbf: inAnHour }), 'nbf'],
    ['a token from the future', () => issuer.token({ iat: inAnHour }), 'the token was issued in the future'],
    ['a token that is not signed with RSA', () => issuer.token({}, { algorithm: 'ES256' }), 'alg'],
    ['a forged token', () => issuer.token({}, { forged: true }), 'signature'],
    ['a token signed with a key that the issuer does not have', () => issuer.token({}, { keyId: 'other' }), 'key'],
    [
      'a token without a signature',
      async () => `${(await issuer.token()).split('.').slice(0, 2).join('.')}.`,
      'signature',
    ],
  ];
  test.each(rejected)('rejects %s with a reason', async (_, token, reason) => {
    expect(await authorizer.authorize(await token())).toEqual({
      kind: 'unauthorized',
      challenge: expect.stringMatching(
        new RegExp(`^Bearer scope="" error="invalid_token" error_description="[^"]*${reason}[^"]*"$`),
      ),
    });
  });

  test('rejects tokens while the issuer is unavailable, and requests its keys again for the next token', async () => {
    const absent = await startTokenIssuer();
    const token = await absent.token();
    await absent.stop();
    const alone = new JwtAuthorizer({ issuer: absent.issuer, audience: ['airline'] });
    for (let time = 0; time < 2; time++) {
      const answer = await alone.authorize(token);
      expect(answer).toMatchObject({
        kind: 'unauthorized',
        challenge: expect.stringContaining('OIDC discovery endpoint'),
      });
    }
  });
});

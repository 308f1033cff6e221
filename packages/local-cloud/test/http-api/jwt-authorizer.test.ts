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
    'takes a valid token after %j and tells its claims as texts',
    async (prefix) => {
      const token = await issuer.token({ aud: ['airline', 'other'], level: 3, verified: true });
      const answer = await authorizer.authorize(`${prefix}${token}`);
      expect(answer).toMatchObject({ kind: 'authorized', authorizer: { jwt: { scopes: null } } });
      expect(answer.kind === 'authorized' && answer.authorizer.jwt.claims).toMatchObject({
        sub: 'ada',
        iss: issuer.issuer,
        aud: '[airline other]',
        exp: expect.stringMatching(/^\d{10}$/),
        level: '3',
        verified: 'true',
      });
    },
  );

  test('asks the issuer for its keys once', async () => {
    const before = issuer.keysAsked();
    for (let time = 0; time < 3; time++) await authorizer.authorize(await issuer.token());
    expect(issuer.keysAsked() - before).toBe(1);
  });

  test('takes client_id for an audience that the token does not name, and only then', async () => {
    const ofClient = await issuer.token({ aud: undefined, client_id: 'airline-web' });
    expect((await authorizer.authorize(ofClient)).kind).toBe('authorized');
    const ofAnother = await issuer.token({ aud: 'bank', client_id: 'airline-web' });
    expect((await authorizer.authorize(ofAnother)).kind).toBe('unauthorized');
  });

  const refusals: [string, () => Promise<string | undefined>, string][] = [
    ['no token', async () => undefined, ''],
    ['an empty one', async () => 'Bearer ', ''],
    ['nonsense', async () => 'Bearer nonsense', 'the token cannot be decoded'],
    ['one of another issuer', () => issuer.token({ iss: 'https://elsewhere.example' }), 'iss'],
    ['one for another audience', () => issuer.token({ aud: 'bank' }), 'the token does not have a valid audience'],
    ['one for nobody', () => issuer.token({ aud: undefined }), 'the token does not have a valid audience'],
    ['an expired one', () => issuer.token({ exp: anHourAgo }), 'the token has expired'],
    ['one that never expires', () => issuer.token({ exp: undefined }), 'exp'],
    ['one that is not valid yet', () => issuer.token({ nbf: inAnHour }), 'nbf'],
    ['one of the future', () => issuer.token({ iat: inAnHour }), 'the token was issued in the future'],
    ['one that is not signed with RSA', () => issuer.token({}, { algorithm: 'ES256' }), 'alg'],
    ['a forged one', () => issuer.token({}, { forged: true }), 'signature'],
    ['one signed with a key that the issuer does not have', () => issuer.token({}, { keyId: 'other' }), 'key'],
    ['one without a signature', async () => `${(await issuer.token()).split('.').slice(0, 2).join('.')}.`, 'signature'],
  ];
  test.each(refusals)('refuses %s and says why', async (_, token, why) => {
    const answer = await authorizer.authorize(await token());
    expect(answer.kind).toBe('unauthorized');
    const { challenge } = answer as { challenge: string };
    if (why === '') expect(challenge).toBe('Bearer');
    else
      expect(challenge).toMatch(
        new RegExp(`^Bearer scope="" error="invalid_token" error_description="[^"]*${why}[^"]*"$`),
      );
  });

  test('refuses while the issuer does not answer, and asks again the next time', async () => {
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

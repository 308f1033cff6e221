import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';

export interface TokenIssuer {
  /** Its address, and the `iss` claim of its tokens. */
  issuer: string;
  /** A signed token. `claims` replace the claims of a valid token; undefined removes a claim. */
  token(
    claims?: Record<string, unknown>,
    how?: { algorithm?: 'RS256' | 'ES256'; keyId?: string; forged?: true },
  ): Promise<string>;
  /** The number of requests for its keys. */
  keyRequests(): number;
  stop(): Promise<void>;
}

/** An OpenID issuer on this machine, with discovery and keys. It signs every token that a test asks for. */
export async function startTokenIssuer(audience = 'airline'): Promise<TokenIssuer> {
  const keys = { RS256: await generateKeyPair('RS256'), ES256: await generateKeyPair('ES256') };
  const stranger = await generateKeyPair('RS256');
  const published = await Promise.all(
    Object.entries(keys).map(async ([alg, { publicKey }]) => ({
      ...(await exportJWK(publicKey)),
      kid: alg,
      alg,
      use: 'sig',
    })),
  );
  let keyRequests = 0;
  const server = createServer((request, response) => {
    const answers: Record<string, () => unknown> = {
      '/.well-known/openid-configuration': () => ({ issuer, jwks_uri: `${issuer}/keys` }),
      '/keys': () => {
        keyRequests += 1;
        return { keys: published };
      },
    };
    const answer = answers[request.url ?? ''];
    response
      .writeHead(answer ? 200 : 404, { 'content-type': 'application/json' })
      .end(JSON.stringify(answer?.() ?? {}));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

  return {
    issuer,
    token(claims = {}, { algorithm = 'RS256', keyId = algorithm, forged } = {}) {
      const now = Math.floor(Date.now() / 1000);
      const payload = { iss: issuer, aud: audience, sub: 'ada', iat: now, exp: now + 600, ...claims };
      const key = (forged ? stranger : keys[algorithm]).privateKey;
      return new SignJWT(payload).setProtectedHeader({ alg: algorithm, kid: keyId }).sign(key);
    },
    keyRequests: () => keyRequests,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

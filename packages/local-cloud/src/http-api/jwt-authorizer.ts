import type { JWTPayload, JWTVerifyGetKey } from 'jose';
import { isObject } from '../is-object.ts';

export interface JwtAuthorizerDefinition {
  /** As its tokens name it; its keys are found below, by OpenID discovery. */
  issuer: string;
  audience: readonly string[];
}

/** What a function learns of the caller, in `requestContext.authorizer`. */
export interface Authorized {
  jwt: { claims: Record<string, string>; scopes: null };
}

export type Authorization =
  | { kind: 'authorized'; authorizer: Authorized }
  /** `challenge` is the WWW-Authenticate header, which says why. */
  | { kind: 'unauthorized'; challenge: string };

/** How long API Gateway keeps an issuer's keys. */
const keysKeptMilliseconds = 2 * 3600 * 1000;
/** Others are refused: API Gateway verifies RSA signatures only. */
const algorithms = ['RS256', 'RS384', 'RS512'];
const patienceMilliseconds = 1500;

/** Verifies a bearer token as the JWT authorizer of an HTTP API does: signature, issuer, audience and times. */
export class JwtAuthorizer {
  readonly #definition: JwtAuthorizerDefinition;
  #keys: { get: JWTVerifyGetKey; fetchedAt: number } | undefined;

  constructor(definition: JwtAuthorizerDefinition) {
    this.#definition = definition;
  }

  /** @param header the value of Authorization: the token, with or without `Bearer` before it */
  async authorize(header: string | undefined): Promise<Authorization> {
    const token = header?.replace(/^Bearer\s+/i, '').trim();
    if (!token) return { kind: 'unauthorized', challenge: 'Bearer' };
    const { decodeProtectedHeader, errors, jwtVerify } = await import('jose');

    let getKey: JWTVerifyGetKey;
    try {
      if (decodeProtectedHeader(token).kid === undefined) return refused('the token names no key (kid)');
      getKey = await this.#issuerKeys();
    } catch (error) {
      if (error instanceof TypeError && error.message.startsWith('Invalid Token'))
        return refused('the token cannot be decoded');
      return refused(`OIDC discovery endpoint communication error: ${(error as Error).message}`);
    }
    try {
      const { payload } = await jwtVerify(token, getKey, {
        issuer: this.#definition.issuer,
        algorithms,
        requiredClaims: ['exp'],
      });
      const mistake = this.#mistakeIn(payload);
      if (mistake !== undefined) return refused(mistake);
      return { kind: 'authorized', authorizer: { jwt: { claims: claimsOf(payload), scopes: null } } };
    } catch (error) {
      if (error instanceof errors.JWTExpired) return refused('the token has expired');
      if (error instanceof errors.JOSEError) return refused(error.message);
      return refused(`OIDC discovery endpoint communication error: ${(error as Error).message}`);
    }
  }

  /** What the library does not look at in the way of API Gateway: `client_id` stands for an audience that is missing. */
  #mistakeIn({ aud, client_id: clientId, iat }: JWTPayload): string | undefined {
    const meant = aud === undefined ? [clientId] : [aud].flat();
    if (!meant.some((each) => typeof each === 'string' && this.#definition.audience.includes(each))) {
      return 'the token does not have a valid audience';
    }
    return iat !== undefined && iat * 1000 > Date.now() ? 'the token was issued in the future' : undefined;
  }

  async #issuerKeys(): Promise<JWTVerifyGetKey> {
    if (this.#keys && Date.now() - this.#keys.fetchedAt < keysKeptMilliseconds) return this.#keys.get;
    const { createRemoteJWKSet } = await import('jose');
    const discovery = `${this.#definition.issuer.replace(/\/$/, '')}/.well-known/openid-configuration`;
    const answer = await fetch(discovery, { signal: AbortSignal.timeout(patienceMilliseconds) });
    const configuration: unknown = answer.ok ? await answer.json() : undefined;
    if (!isObject(configuration) || typeof configuration.jwks_uri !== 'string') {
      throw new Error(`${discovery} names no jwks_uri (status ${answer.status})`);
    }
    const get = createRemoteJWKSet(new URL(configuration.jwks_uri), { cacheMaxAge: keysKeptMilliseconds });
    this.#keys = { get, fetchedAt: Date.now() };
    return get;
  }
}

function refused(description: string): Authorization {
  const quoted = description.replaceAll(/[^\x20-\x7e]|["\\]/g, "'");
  return { kind: 'unauthorized', challenge: `Bearer scope="" error="invalid_token" error_description="${quoted}"` };
}

/** Functions get every claim as a text: a number as its digits, a list as `[a b]`. */
function claimsOf(payload: JWTPayload): Record<string, string> {
  return Object.fromEntries(
    Object.entries(payload).map(([name, value]) => {
      if (Array.isArray(value)) return [name, `[${value.map(String).join(' ')}]`];
      return [name, typeof value === 'string' ? value : JSON.stringify(value)];
    }),
  );
}

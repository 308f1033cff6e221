import type { JWTPayload, JWTVerifyGetKey } from 'jose';
import { isObject } from '../is-object.ts';

export interface JwtAuthorizerDefinition {
  /** The issuer's URL, as in the `iss` claim. OpenID discovery starts below it. */
  issuer: string;
  audience: readonly string[];
}

/** The caller, as functions read it in `requestContext.authorizer`. */
export interface AuthorizerContext {
  jwt: { claims: Record<string, string>; scopes: null };
}

export type Authorization =
  | { kind: 'authorized'; authorizer: AuthorizerContext }
  /** `challenge` is the value of the WWW-Authenticate header, with the reason. */
  | { kind: 'unauthorized'; challenge: string };

/** API Gateway caches an issuer's keys for two hours. */
const keyCacheMilliseconds = 2 * 3600 * 1000;
/** API Gateway verifies RSA signatures only. */
const algorithms = ['RS256', 'RS384', 'RS512'];
const discoveryTimeoutMilliseconds = 1500;

/** Verifies a bearer token as the JWT authorizer of an HTTP API does: its signature, issuer, audience and times. */
export class JwtAuthorizer {
  readonly #definition: JwtAuthorizerDefinition;
  #keys: { get: JWTVerifyGetKey; fetchedAt: number } | undefined;

  constructor(definition: JwtAuthorizerDefinition) {
    this.#definition = definition;
  }

  /** @param header the value of the Authorization header: the token, with or without the prefix `Bearer` */
  async authorize(header: string | undefined): Promise<Authorization> {
    const token = header?.replace(/^Bearer\s+/i, '').trim();
    if (!token) return { kind: 'unauthorized', challenge: 'Bearer' };
    const { decodeProtectedHeader, errors, jwtVerify } = await import('jose');

    let getKey: JWTVerifyGetKey;
    try {
      if (decodeProtectedHeader(token).kid === undefined) return refused('the token has no key id (kid)');
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
      const problem = this.#claimProblem(payload);
      if (problem !== undefined) return refused(problem);
      return { kind: 'authorized', authorizer: { jwt: { claims: claimsOf(payload), scopes: null } } };
    } catch (error) {
      if (error instanceof errors.JWTExpired) return refused('the token has expired');
      if (error instanceof errors.JOSEError) return refused(error.message);
      return refused(`OIDC discovery endpoint communication error: ${(error as Error).message}`);
    }
  }

  /**
   * Checks that jose does not make: API Gateway reads `client_id` when `aud` is missing, and rejects a future `iat`.
   */
  #claimProblem({ aud, client_id: clientId, iat }: JWTPayload): string | undefined {
    const audiences = aud === undefined ? [clientId] : [aud].flat();
    if (!audiences.some((each) => typeof each === 'string' && this.#definition.audience.includes(each))) {
      return 'the token does not have a valid audience';
    }
    return iat !== undefined && iat * 1000 > Date.now() ? 'the token was issued in the future' : undefined;
  }

  async #issuerKeys(): Promise<JWTVerifyGetKey> {
    if (this.#keys && Date.now() - this.#keys.fetchedAt < keyCacheMilliseconds) return this.#keys.get;
    const { createRemoteJWKSet } = await import('jose');
    const discovery = `${this.#definition.issuer.replace(/\/$/, '')}/.well-known/openid-configuration`;
    const response = await fetch(discovery, { signal: AbortSignal.timeout(discoveryTimeoutMilliseconds) });
    const configuration: unknown = response.ok ? await response.json() : undefined;
    if (!isObject(configuration) || typeof configuration.jwks_uri !== 'string') {
      throw new Error(`${discovery} has no jwks_uri (status ${response.status})`);
    }
    const get = createRemoteJWKSet(new URL(configuration.jwks_uri), { cacheMaxAge: keyCacheMilliseconds });
    this.#keys = { get, fetchedAt: Date.now() };
    return get;
  }
}

function refused(description: string): Authorization {
  const quoted = description.replaceAll(/[^\x20-\x7e]|["\\]/g, "'");
  return { kind: 'unauthorized', challenge: `Bearer scope="" error="invalid_token" error_description="${quoted}"` };
}

/** Functions receive every claim as a string: a list as `[a b]`, any other value as JSON. */
function claimsOf(payload: JWTPayload): Record<string, string> {
  return Object.fromEntries(
    Object.entries(payload).map(([name, value]) => {
      if (Array.isArray(value)) return [name, `[${value.map(String).join(' ')}]`];
      return [name, typeof value === 'string' ? value : JSON.stringify(value)];
    }),
  );
}

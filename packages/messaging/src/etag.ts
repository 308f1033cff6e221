import { createHash } from 'node:crypto';

/** A strong `ETag`: equal contents have equal tags. */
export function etagOf(content: string): string {
  return `"${createHash('sha256').update(content).digest('base64url').slice(0, 22)}"`;
}

/** `If-None-Match` compares weakly (RFC 9110, 13.1.2): a cache on the way may have made the tag weak. */
export function matchesEtag(ifNoneMatch: string, etag: string): boolean {
  return ifNoneMatch.split(',').some((tag) => tag.trim() === '*' || tag.trim().replace(/^W\//, '') === etag);
}

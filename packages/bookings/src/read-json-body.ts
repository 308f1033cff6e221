import { isUtf8 } from 'node:buffer';
import { problem } from '@airline/messaging/http-response';
import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from 'aws-lambda';

export type Body = { kind: 'json'; value: unknown } | { kind: 'refused'; answer: APIGatewayProxyStructuredResultV2 };

/** Limits the work that one request can cause. The longest valid body has 9 KB, with every character escaped. */
const maximumBytes = 16 * 1024;

/** Parses the JSON body of a request, or returns the problem response if that fails. */
export function readJsonBody({ headers, body = '', isBase64Encoded }: APIGatewayProxyEventV2): Body {
  const contentType = headers['content-type'];
  if (contentType?.split(';')[0]!.trim().toLowerCase() !== 'application/json') {
    const sent =
      contentType === undefined ? 'none was sent' : `it was sent as ${JSON.stringify(contentType.slice(0, 100))}`;
    const detail = `The body must be JSON, with the header Content-Type: application/json; ${sent}.`;
    const answer = problem(415, 'Unsupported media type', detail);
    return { kind: 'refused', answer: { ...answer, headers: { ...answer.headers, accept: 'application/json' } } };
  }

  const bytes = Buffer.from(body, isBase64Encoded ? 'base64' : 'utf8');
  if (bytes.length > maximumBytes) {
    const detail = `The body may have at most ${maximumBytes} bytes; it has ${bytes.length}.`;
    return { kind: 'refused', answer: problem(413, 'Body too large', detail) };
  }
  const refuse = (message: string): Body => ({
    kind: 'refused',
    answer: problem(400, 'Malformed JSON', `The body ${message}.`, [{ field: '', message }]),
  });
  if (!isUtf8(bytes)) return refuse('is not UTF-8: encode the JSON object as UTF-8');
  try {
    return { kind: 'json', value: JSON.parse(new TextDecoder('utf8').decode(bytes)) };
  } catch {
    // Does not use the parser's message, because it quotes the body, which has personal data.
    return refuse(bytes.length === 0 ? 'is empty: send a JSON object' : 'is not valid JSON: send a JSON object');
  }
}

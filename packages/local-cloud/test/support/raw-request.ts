import { once } from 'node:events';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';

/** Sends a request that fetch would not send. @param headers lines @returns the status of the response */
export async function rawStatus(address: string, requestLine: string, headers: string): Promise<number> {
  const socket = connect(Number(new URL(address).port), '127.0.0.1');
  await once(socket, 'connect');
  socket.write(`${requestLine}\r\n${headers}\r\nConnection: close\r\n\r\n`);
  const response = await text(socket);
  return Number(/^HTTP\/1\.1 (\d+) /.exec(response)?.[1]);
}

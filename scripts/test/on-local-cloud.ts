import { startOwnAirline } from '../own-airline.ts';
import { type AirlinePlace, plainEnvironment } from './airline-place.ts';

interface StoredMail {
  destination: { to: string[] };
  subject: string;
  body: { text?: string; html?: string };
}

/** Runs the stacks on a local cloud of its own. */
export async function startOnLocalCloud(context: Record<string, unknown>): Promise<AirlinePlace> {
  const { ports, environment, stop } = await startOwnAirline([], {
    ...plainEnvironment(),
    CDK_CONTEXT_JSON: JSON.stringify(context),
  });
  const endpoint = `http://localhost:${ports.awsPort}`;
  return {
    target: 'local',
    environment,
    clientConfig: { endpoint, region: 'eu-west-1', credentials: { accessKeyId: 'test', secretAccessKey: 'test' } },
    frontDoor: `http://localhost:${ports.httpPort}`,
    paymentProvider: endpoint,
    stop,
    async mails() {
      const { emails } = (await (await fetch(`${endpoint}/store`)).json()) as { emails: StoredMail[] };
      return emails.map(({ destination, subject, body: { text = '', html = '' } }) => ({ to: destination.to, subject, text, html }));
    },
  };
}

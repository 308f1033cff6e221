import { startOwnAirline } from '../../../airline/own-airline.ts';
import { type AirlinePlace, plainEnvironment } from './airline-place.ts';

interface StoredMail {
  destination: { to: string[] };
  subject: string;
  body: { text?: string; html?: string };
}

/** Runs the stacks on a local cloud of its own. @param options of `pnpm start` */
export async function startOnLocalCloud(
  context: Record<string, unknown>,
  options: string[] = [],
): Promise<AirlinePlace> {
  const own = await startOwnAirline(options, {
    ...plainEnvironment(),
    CDK_CONTEXT_JSON: JSON.stringify(context),
  });
  const endpoint = `http://localhost:${own.ports.awsPort}`;
  return {
    target: 'local',
    environment: own.environment,
    clientConfig: { endpoint, region: 'eu-west-1', credentials: { accessKeyId: 'test', secretAccessKey: 'test' } },
    frontDoor: `http://localhost:${own.ports.httpPort}`,
    paymentProvider: endpoint,
    stop: () => own.stop(),
    async mails() {
      const { emails } = (await (await fetch(`${endpoint}/store`)).json()) as { emails: StoredMail[] };
      return emails.map(({ destination, subject, body: { text = '', html = '' } }) => ({
        to: destination.to,
        subject,
        text,
        html,
      }));
    },
  };
}

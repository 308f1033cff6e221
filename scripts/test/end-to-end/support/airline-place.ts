import type { TargetName } from '../../../cli/command.ts';

/** Where an airline under test runs, and how it is reached from outside. */
export interface AirlinePlace {
  target: TargetName;
  /** In it commands ask this airline. */
  environment: NodeJS.ProcessEnv;
  /** For clients of AWS's SDK. */
  clientConfig: {
    endpoint: string;
    region: string;
    credentials: { accessKeyId: string; secretAccessKey: string; sessionToken?: string };
  };
  /** Address of the HTTP API. */
  frontDoor: string;
  /** Address of the payment provider. */
  paymentProvider: string;
  /** Every mail that was sent. */
  mails(): Promise<Mail[]>;
  /** @returns an exit code */
  stop(): Promise<number | null>;
}

export interface Mail {
  to: string[];
  subject: string;
  text: string;
  html: string;
}

/** This process's environment as a pipe sees it: jest tells its workers to force colours on a terminal and in CI. */
export function plainEnvironment(): NodeJS.ProcessEnv {
  const { FORCE_COLOR: _, ...environment } = process.env;
  return environment;
}

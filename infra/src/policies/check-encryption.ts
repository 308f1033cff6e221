import type { Finding } from './finding.ts';
import type { SynthesizedStack } from './synthesized-stack.ts';

type Properties = Record<string, unknown>;

/** The requirement for each type: encryption at rest, or for log groups, which AWS always encrypts, a retention. */
const requirements: Record<
  string,
  { isMet: (properties: Properties) => boolean; id: string; problem: string; remedy: string }
> = {
  'AWS::SQS::Queue': {
    isMet: ({ SqsManagedSseEnabled, KmsMasterKeyId }) => SqsManagedSseEnabled === true || KmsMasterKeyId !== undefined,
    id: 'unencrypted',
    problem: 'the template does not encrypt the queue',
    remedy: 'create it with encryption: QueueEncryption.SQS_MANAGED',
  },
  'AWS::DynamoDB::Table': {
    isMet: ({ SSESpecification }) => (SSESpecification as { SSEEnabled?: unknown } | undefined)?.SSEEnabled === true,
    id: 'unencrypted',
    problem: 'the table is not encrypted with a key of this account',
    remedy: 'create it as a ServiceTable, or with encryption: TableEncryption.AWS_MANAGED',
  },
  'AWS::SNS::Topic': {
    isMet: ({ KmsMasterKeyId }) => KmsMasterKeyId !== undefined,
    id: 'unencrypted',
    problem: 'the topic is not encrypted at rest',
    remedy: 'give it a masterKey, or justify() why its messages need no encryption',
  },
  'AWS::Events::Archive': {
    isMet: ({ KmsKeyIdentifier }) => KmsKeyIdentifier !== undefined,
    id: 'unencrypted',
    problem: 'the archive contains names of passengers and is not encrypted with a customer managed key',
    remedy: 'give it a kmsKey',
  },
  'AWS::Logs::LogGroup': {
    isMet: ({ RetentionInDays }) => RetentionInDays !== undefined,
    id: 'kept-for-ever',
    problem: 'the logs are never deleted',
    remedy: 'give the log group a retention',
  },
};

/** Checks that stored data is encrypted at rest, and that log groups have a retention. */
export function checkEncryption(stack: SynthesizedStack): Finding[] {
  return Object.entries(requirements).flatMap(([type, { isMet, ...finding }]) =>
    stack
      .resources(type)
      .filter(([, properties]) => !isMet(properties))
      .map(([logicalId]) => stack.finding(logicalId, finding)),
  );
}

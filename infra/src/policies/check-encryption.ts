import type { Finding } from './finding.ts';
import type { SynthesizedStack } from './synthesized-stack.ts';

type Properties = Record<string, unknown>;

/** What each type needs to be encrypted at rest. Log groups always are; what they need is an end. */
const needs: Record<
  string,
  { holds: (properties: Properties) => boolean; id: string; problem: string; remedy: string }
> = {
  'AWS::SQS::Queue': {
    holds: ({ SqsManagedSseEnabled, KmsMasterKeyId }) => SqsManagedSseEnabled === true || KmsMasterKeyId !== undefined,
    id: 'unencrypted',
    problem: 'the template does not say that the queue is encrypted',
    remedy: 'create it with encryption: QueueEncryption.SQS_MANAGED',
  },
  'AWS::DynamoDB::Table': {
    holds: ({ SSESpecification }) => (SSESpecification as { SSEEnabled?: unknown } | undefined)?.SSEEnabled === true,
    id: 'unencrypted',
    problem: 'the table is not encrypted with a key of this account',
    remedy: 'create it as a ServiceTable, or with encryption: TableEncryption.AWS_MANAGED',
  },
  'AWS::SNS::Topic': {
    holds: ({ KmsMasterKeyId }) => KmsMasterKeyId !== undefined,
    id: 'unencrypted',
    problem: 'the topic is not encrypted at rest',
    remedy: 'give it a masterKey, or justify() that what it carries may be kept in the clear',
  },
  'AWS::Events::Archive': {
    holds: ({ KmsKeyIdentifier }) => KmsKeyIdentifier !== undefined,
    id: 'unencrypted',
    problem: 'the archive names passengers and is not encrypted with a key that can be taken away',
    remedy: 'give it a kmsKey',
  },
  'AWS::Logs::LogGroup': {
    holds: ({ RetentionInDays }) => RetentionInDays !== undefined,
    id: 'kept-for-ever',
    problem: 'the logs are never deleted',
    remedy: 'give the log group a retention',
  },
};

/** Checks that what is kept is kept encrypted, and that logs end. */
export function checkEncryption(stack: SynthesizedStack): Finding[] {
  return Object.entries(needs).flatMap(([type, { holds, ...finding }]) =>
    stack
      .resources(type)
      .filter(([, properties]) => !holds(properties))
      .map(([logicalId]) => stack.finding(logicalId, finding)),
  );
}

import { ACCOUNT_ID, REGION } from '../../account.ts';
import type { ResourceValues } from '../intrinsics.ts';
import { physicalName } from './resource-kind.ts';

interface TypeWithoutEffect {
  /** Why nothing is run for it on one machine. */
  why: string;
  /** Of its ARN, what follows `arn:aws:`. Given for the types that templates refer to. */
  arn?: (name: string) => string;
  arnAttribute?: string;
  /** Ref gives the ARN, not the name. */
  refIsArn?: true;
}

const PERMISSIONS = 'permissions: there is one user, who may do everything';
const WATCHING = 'watches an account for the people who run it; here they look at the terminal';
const CATALOGUE = 'a catalogue for people and their tools: nothing that runs reads it';
const ENCRYPTION = 'encryption at rest: everything is kept in memory only';

/** The types of resource that a template may have and that have no meaning on one machine. The one list of them. */
export const TYPES_WITHOUT_EFFECT: Record<string, TypeWithoutEffect> = {
  'AWS::CDK::Metadata': { why: 'statistics of the CDK' },
  'AWS::CloudWatch::Alarm': { why: WATCHING, arn: (name) => `cloudwatch:${REGION}:${ACCOUNT_ID}:alarm:${name}` },
  'AWS::CloudWatch::CompositeAlarm': {
    why: WATCHING,
    arn: (name) => `cloudwatch:${REGION}:${ACCOUNT_ID}:alarm:${name}`,
  },
  'AWS::CloudWatch::Dashboard': { why: WATCHING },
  'AWS::EventSchemas::Registry': { why: CATALOGUE },
  'AWS::EventSchemas::Schema': { why: CATALOGUE },
  'AWS::Events::EventBusPolicy': { why: PERMISSIONS },
  'AWS::IAM::ManagedPolicy': { why: PERMISSIONS, arn: (name) => `iam::${ACCOUNT_ID}:policy/${name}`, refIsArn: true },
  'AWS::IAM::Policy': { why: PERMISSIONS },
  'AWS::IAM::Role': { why: PERMISSIONS, arn: (name) => `iam::${ACCOUNT_ID}:role/${name}` },
  'AWS::KMS::Alias': { why: ENCRYPTION },
  'AWS::KMS::Key': { why: ENCRYPTION, arn: (name) => `kms:${REGION}:${ACCOUNT_ID}:key/${name}` },
  'AWS::Lambda::Permission': { why: PERMISSIONS },
  'AWS::Logs::LogGroup': {
    why: 'the functions’ output is written to files instead',
    arn: (name) => `logs:${REGION}:${ACCOUNT_ID}:log-group:${name}:*`,
  },
  'AWS::Logs::MetricFilter': { why: WATCHING },
  'AWS::Logs::ResourcePolicy': { why: PERMISSIONS },
  'AWS::SES::ConfigurationSet': { why: 'the mail of this cloud reaches its inbox page only' },
  'AWS::SES::EmailIdentity': {
    why: 'proof that a sender may use an address; the inbox page takes mail from every sender',
  },
  'AWS::SNS::Subscription': { why: WATCHING },
  'AWS::SNS::Topic': {
    why: WATCHING,
    arn: (name) => `sns:${REGION}:${ACCOUNT_ID}:${name}`,
    arnAttribute: 'TopicArn',
    refIsArn: true,
  },
  'AWS::SNS::TopicPolicy': { why: PERMISSIONS },
  'AWS::SQS::QueuePolicy': { why: PERMISSIONS },
};

/** What the rest of the template sees of such a resource: a name and an ARN of the right form. */
export function valuesWithoutEffect(type: TypeWithoutEffect, stackName: string, logicalId: string): ResourceValues {
  const name = physicalName(stackName, logicalId, 64);
  if (!type.arn) return { ref: name, attributes: {} };
  const arn = `arn:aws:${type.arn(name)}`;
  return { ref: type.refIsArn ? arn : name, attributes: { [type.arnAttribute ?? 'Arn']: arn } };
}

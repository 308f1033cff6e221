import { ACCOUNT_ID, REGION } from '../../account.ts';
import type { ResourceValues } from '../intrinsics.ts';
import { physicalName } from './resource-kind.ts';

interface TypeWithoutEffect {
  /** Why the local cloud does nothing for it. */
  reason: string;
  /** The ARN without `arn:aws:`. Given for the types that templates refer to. */
  arn?: (name: string) => string;
  /** The attribute with the ARN. @default Arn */
  arnAttribute?: string;
  /** `Ref` returns the ARN instead of the name. */
  refIsArn?: true;
}

const PERMISSIONS = 'permissions: the local cloud checks none';
const MONITORING = 'monitoring of an account: here failures appear in the terminal';
const CATALOGUE = 'a catalogue for developers: nothing reads it at run time';
const ENCRYPTION = 'encryption at rest: the local cloud stores data in memory only';

/** All types of resource that the local cloud accepts and ignores, since they have no effect on one machine. */
export const TYPES_WITHOUT_EFFECT: Record<string, TypeWithoutEffect> = {
  'AWS::CDK::Metadata': { reason: 'statistics of the CDK' },
  'AWS::CloudWatch::Alarm': { reason: MONITORING, arn: (name) => `cloudwatch:${REGION}:${ACCOUNT_ID}:alarm:${name}` },
  'AWS::CloudWatch::CompositeAlarm': {
    reason: MONITORING,
    arn: (name) => `cloudwatch:${REGION}:${ACCOUNT_ID}:alarm:${name}`,
  },
  'AWS::CloudWatch::Dashboard': { reason: MONITORING },
  'AWS::EventSchemas::Registry': { reason: CATALOGUE },
  'AWS::EventSchemas::Schema': { reason: CATALOGUE },
  'AWS::Events::EventBusPolicy': { reason: PERMISSIONS },
  'AWS::IAM::ManagedPolicy': {
    reason: PERMISSIONS,
    arn: (name) => `iam::${ACCOUNT_ID}:policy/${name}`,
    refIsArn: true,
  },
  'AWS::IAM::Policy': { reason: PERMISSIONS },
  'AWS::IAM::Role': { reason: PERMISSIONS, arn: (name) => `iam::${ACCOUNT_ID}:role/${name}` },
  'AWS::KMS::Alias': { reason: ENCRYPTION },
  'AWS::KMS::Key': { reason: ENCRYPTION, arn: (name) => `kms:${REGION}:${ACCOUNT_ID}:key/${name}` },
  'AWS::Lambda::Permission': { reason: PERMISSIONS },
  'AWS::Logs::Delivery': { reason: MONITORING },
  'AWS::Logs::DeliveryDestination': {
    reason: MONITORING,
    arn: (name) => `logs:${REGION}:${ACCOUNT_ID}:delivery-destination:${name}`,
  },
  'AWS::Logs::DeliverySource': { reason: MONITORING },
  'AWS::Logs::MetricFilter': { reason: MONITORING },
  'AWS::Logs::ResourcePolicy': { reason: PERMISSIONS },
  'AWS::SES::ConfigurationSet': { reason: 'mail goes to the inbox page only' },
  'AWS::SES::ConfigurationSetEventDestination': { reason: 'the inbox page reports neither bounces nor complaints' },
  'AWS::SES::EmailIdentity': {
    reason: 'proof that a sender owns an address: the inbox page accepts mail from every sender',
  },
  'AWS::SNS::Subscription': { reason: MONITORING },
  'AWS::SNS::Topic': {
    reason: MONITORING,
    arn: (name) => `sns:${REGION}:${ACCOUNT_ID}:${name}`,
    arnAttribute: 'TopicArn',
    refIsArn: true,
  },
  'AWS::SNS::TopicPolicy': { reason: PERMISSIONS },
  'AWS::SQS::QueuePolicy': { reason: PERMISSIONS },
};

/** The name and the ARN of such a resource, for the rest of the template. */
export function valuesWithoutEffect(type: TypeWithoutEffect, stackName: string, logicalId: string): ResourceValues {
  const name = physicalName(stackName, logicalId, 64);
  if (!type.arn) return { ref: name, attributes: {} };
  const arn = `arn:aws:${type.arn(name)}`;
  return { ref: type.refIsArn ? arn : name, attributes: { [type.arnAttribute ?? 'Arn']: arn } };
}

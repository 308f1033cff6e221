import { Stack } from 'aws-cdk-lib';
import { PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { EmailSubscription } from 'aws-cdk-lib/aws-sns-subscriptions';
import { Construct } from 'constructs';
import { serviceName } from './names.ts';
import { justify } from './policies/justify.ts';
import type { RotatedKey } from './rotated-key.ts';

/**
 * The SNS topic that every alarm of the airline notifies. The context value `alarmEmail` subscribes an address; its
 * owner must then confirm the subscription.
 */
export class AlarmsTopic extends Construct {
  readonly topic: Topic;

  /** @param key encrypts the alarms on their way */
  constructor(scope: Construct, id: string, key: RotatedKey) {
    super(scope, id);
    const { account } = Stack.of(this);
    const fromThisAccount = { StringEquals: { 'aws:SourceAccount': account } };
    const cloudWatch = new ServicePrincipal('cloudwatch.amazonaws.com');

    // CloudWatch may not use the key that AWS manages for SNS. With that key every alarm would be lost without an
    // error.
    key.addToResourcePolicy(
      new PolicyStatement({
        principals: [cloudWatch],
        actions: ['kms:Decrypt', 'kms:GenerateDataKey*'],
        // In a key policy, `*` means this key.
        resources: ['*'],
        conditions: fromThisAccount,
      }),
    );

    justify(
      key,
      'wildcard-action kms:GenerateDataKey*',
      'AWS documents this wildcard for alarms to encrypted topics. With an action missing, alarms would be lost silently.',
    );

    this.topic = new Topic(this, 'Topic', { topicName: serviceName(this, 'alarms'), masterKey: key, enforceSSL: true });
    this.topic.addToResourcePolicy(
      new PolicyStatement({
        principals: [cloudWatch],
        actions: ['sns:Publish'],
        resources: [this.topic.topicArn],
        conditions: fromThisAccount,
      }),
    );
    const email = alarmEmail(this);
    if (email !== undefined) this.topic.addSubscription(new EmailSubscription(email));
  }
}

/**
 * The context value `alarmEmail`.
 * @throws Error when the value is not a plain email address
 */
function alarmEmail(scope: Construct): string | undefined {
  const given: unknown = scope.node.tryGetContext('alarmEmail');
  if (given === undefined || (typeof given === 'string' && /^[^\s@<>"*]+@[^\s@<>"*]+$/.test(given))) return given;
  throw new Error(
    `Context value alarmEmail must be an email address such as ops@airline.example; it is ${JSON.stringify(given)}.`,
  );
}

import { Stack } from 'aws-cdk-lib';
import { PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { EmailSubscription } from 'aws-cdk-lib/aws-sns-subscriptions';
import { Construct } from 'constructs';
import { serviceName } from './names.ts';
import { justify } from './policies/justify.ts';
import { RotatedKey } from './rotated-key.ts';

/**
 * Where every alarm of the airline is told. Whoever is to hear of them subscribes; the context value `alarmEmail` subscribes an
 * address, which then must confirm it.
 */
export class AlarmsTopic extends Construct {
  readonly topic: Topic;

  constructor(scope: Construct, id: string) {
    super(scope, id);
    const { account } = Stack.of(this);
    const ofThisAccount = { StringEquals: { 'aws:SourceAccount': account } };
    const cloudWatch = new ServicePrincipal('cloudwatch.amazonaws.com');

    // A key of our own: CloudWatch may not use the one that AWS manages for SNS, and alarms would be lost in silence.
    const key = new RotatedKey(this, 'Key', 'Encrypts the alarms on their way');
    key.addToResourcePolicy(
      new PolicyStatement({
        principals: [cloudWatch],
        actions: ['kms:Decrypt', 'kms:GenerateDataKey*'],
        // In the policy of a key, the resource is the key.
        resources: ['*'],
        conditions: ofThisAccount,
      }),
    );

    justify(
      key,
      'wildcard-action kms:GenerateDataKey*',
      'AWS names it so for alarms to encrypted topics; an alarm that gets lost because an action is missing tells nobody.',
    );

    this.topic = new Topic(this, 'Topic', { topicName: serviceName(this, 'alarms'), masterKey: key, enforceSSL: true });
    this.topic.addToResourcePolicy(
      new PolicyStatement({
        principals: [cloudWatch],
        actions: ['sns:Publish'],
        resources: [this.topic.topicArn],
        conditions: ofThisAccount,
      }),
    );
    const email = alarmEmail(this);
    if (email !== undefined) this.topic.addSubscription(new EmailSubscription(email));
  }
}

/** @throws Error when it is no bare address */
function alarmEmail(scope: Construct): string | undefined {
  const given: unknown = scope.node.tryGetContext('alarmEmail');
  if (given === undefined || (typeof given === 'string' && /^[^\s@<>"*]+@[^\s@<>"*]+$/.test(given))) return given;
  throw new Error(
    `Context value alarmEmail must be an email address such as ops@airline.example; it is ${JSON.stringify(given)}.`,
  );
}

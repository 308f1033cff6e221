import { RemovalPolicy } from 'aws-cdk-lib';
import { Key } from 'aws-cdk-lib/aws-kms';
import type { Construct } from 'constructs';
import { justify } from './policies/justify.ts';

/**
 * A customer managed KMS key with yearly rotation. Use it where a service of AWS may not use the AWS managed key. The
 * caller grants access to this key. The key survives its stack, because nobody can read what it encrypts without it.
 */
export class RotatedKey extends Key {
  constructor(scope: Construct, id: string, description: string) {
    super(scope, id, { enableKeyRotation: true, description, removalPolicy: RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE });
    justify(
      this,
      'wildcard-action kms:*',
      'Without this statement no IAM policy of the account could grant any use of the key, not even to repair its policy.',
    );
  }
}

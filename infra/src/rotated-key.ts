import { Key } from 'aws-cdk-lib/aws-kms';
import type { Construct } from 'constructs';
import { justify } from './policies/justify.ts';

/** A key of our own, where a service of AWS may not use the key that AWS manages. Who may use it is its maker's to say. */
export class RotatedKey extends Key {
  constructor(scope: Construct, id: string, description: string) {
    super(scope, id, { enableKeyRotation: true, description });
    justify(
      this,
      'wildcard-action kms:*',
      'Without it no IAM policy of this account could ever grant the use of the key, its repair included.',
    );
  }
}

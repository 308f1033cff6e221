import type { IEventBus } from 'aws-cdk-lib/aws-events';
import { PolicyStatement, type IGrantable } from 'aws-cdk-lib/aws-iam';

export interface PutEventsGrant {
  readonly bus: IEventBus;
  /** The only `source` that the grantee may use. */
  readonly source: string;
  /** The only detail-types that the grantee may publish. If empty, nothing is granted. */
  readonly detailTypes: readonly string[];
}

/**
 * Allows a role to publish these detail-types with this source on this bus, and no other events.
 *
 * A request of several events gives the condition keys several values, and `StringEquals` is not defined for those.
 * `ForAllValues` requires that every value is allowed, however many there are. Alone it would also allow a request
 * without the key, so `Null` requires the key
 * (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-single-vs-multi-valued-context-keys.html).
 */
export function grantPutEvents(grantee: IGrantable, { bus, source, detailTypes }: PutEventsGrant): void {
  if (detailTypes.length === 0) return;
  grantee.grantPrincipal.addToPrincipalPolicy(
    new PolicyStatement({
      actions: ['events:PutEvents'],
      resources: [bus.eventBusArn],
      conditions: {
        'ForAllValues:StringEquals': { 'events:source': source, 'events:detail-type': [...detailTypes] },
        Null: { 'events:source': 'false', 'events:detail-type': 'false' },
      },
    }),
  );
}

import type { IEventBus } from 'aws-cdk-lib/aws-events';
import { PolicyStatement, type IGrantable } from 'aws-cdk-lib/aws-iam';

export interface PutEventsGrant {
  readonly bus: IEventBus;
  /** The only `source` that the grantee may use. */
  readonly source: string;
  /** The only detail-types that the grantee may publish. If empty, nothing is granted. */
  readonly detailTypes: readonly string[];
}

/** Allows a role to publish these detail-types with this source on this bus, and no other events. */
export function grantPutEvents(grantee: IGrantable, { bus, source, detailTypes }: PutEventsGrant): void {
  if (detailTypes.length === 0) return;
  grantee.grantPrincipal.addToPrincipalPolicy(
    new PolicyStatement({
      actions: ['events:PutEvents'],
      resources: [bus.eventBusArn],
      conditions: { StringEquals: { 'events:source': source, 'events:detail-type': [...detailTypes] } },
    }),
  );
}

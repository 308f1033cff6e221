import type { IEventBus } from 'aws-cdk-lib/aws-events';
import { PolicyStatement, type IGrantable } from 'aws-cdk-lib/aws-iam';

export interface PutEventsGrant {
  readonly bus: IEventBus;
  /** The only `source` the grantee may use. */
  readonly source: string;
  /** The only detail-types the grantee may publish. None: nothing is granted. */
  readonly detailTypes: readonly string[];
}

/** Lets a role publish its own events on this bus, and nobody else's. */
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

import { Duration } from 'aws-cdk-lib';
import { Rule, Schedule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction } from 'aws-cdk-lib/aws-events-targets';
import type { Construct } from 'constructs';
import { NodeFunction, type NodeFunctionProps } from './node-function.ts';
import { serviceName } from './names.ts';
import { justify } from './policies/justify.ts';

export interface ScheduledFunctionProps extends Omit<NodeFunctionProps, 'timeout'> {
  /** The time between two runs: whole minutes. */
  readonly every: Duration;
}

/** A function that EventBridge runs by a schedule. */
export class ScheduledFunction extends NodeFunction {
  constructor(scope: Construct, id: string, { every, ...props }: ScheduledFunctionProps) {
    super(scope, id, { ...props, timeout: Duration.seconds(10) });
    const rule = new Rule(scope, `${id}Schedule`, {
      ruleName: serviceName(scope, `${props.service}-${props.kind}`),
      schedule: Schedule.rate(every),
      targets: [new LambdaFunction(this)],
    });
    justify(
      rule,
      'target-without-dead-letters Target0',
      'A run that is missed has no message to keep: the next run measures the same.',
    );
  }
}

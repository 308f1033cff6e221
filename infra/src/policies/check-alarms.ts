import type { Finding } from './finding.ts';
import { listOf, type SynthesizedStack } from './synthesized-stack.ts';

/** The fewest periods that an alarm must be able to miss. Late data points are usually late by one or two minutes. */
const minimumSpare = 2;

/**
 * Checks that late data points ring their alarm. Two kinds of metric need it: those of EventBridge, and sums with
 * `FILL`. FILL puts a value in the place of a late data point, so the latest one may always be that value, and the
 * alarm is stuck. CloudWatch's remedy is an alarm on M data points of N (function FILL in
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/using-metric-math.html).
 */
export function checkAlarms(stack: SynthesizedStack): Finding[] {
  return stack.resources('AWS::CloudWatch::Alarm').flatMap(([logicalId, alarm]) => {
    const why = reasonForLateData(alarm);
    const periods = Number(alarm.EvaluationPeriods);
    const needed = Number(alarm.DatapointsToAlarm ?? periods);
    if (why === undefined || periods - needed >= minimumSpare) return [];
    return [
      stack.finding(logicalId, {
        id: 'late-data',
        problem: `it needs ${needed} data points of ${periods} periods, and ${why}: a late data point never rings it`,
        remedy: `raise evaluationPeriods to ${needed + minimumSpare} or more, and keep datapointsToAlarm at ${needed}`,
      }),
    ];
  });
}

interface MetricQuery {
  Expression?: string;
  MetricStat?: { Metric?: { Namespace?: unknown } };
}

function reasonForLateData({ Namespace, Metrics }: Record<string, unknown>): string | undefined {
  const queries = listOf(Metrics as MetricQuery[] | undefined);
  if (queries.some(({ Expression = '' }) => /\bFILL\s*\(/i.test(Expression))) return 'FILL replaces what is late';
  const namespaces = [Namespace, ...queries.map(({ MetricStat }) => MetricStat?.Metric?.Namespace)];
  return namespaces.includes('AWS/Events') ? "EventBridge's data points come late" : undefined;
}

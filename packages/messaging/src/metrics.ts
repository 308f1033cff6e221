import { Metrics, MetricUnit } from '@aws-lambda-powertools/metrics';
import type { AirlineEvent } from '@airline/events-schemas/events';

/** What a service counts of its business. Names and reasons are words of the contract: few, and never about a person. */
export interface BusinessMetrics {
  /**
   * A fact came true. To be told once for each fact, by the run whose conditional write made it so: a redelivery finds the record and
   * says the same event again without counting it again. A run that dies between its write and the end of its batch counts nothing.
   */
  onRecorded: (event: AirlineEvent) => void;
  /** Something else happened that is no event. */
  count: (name: string, reason?: string) => void;
  took: (name: string, milliseconds: number) => void;
}

/** Metrics that wait until they are written out. */
export interface BufferedMetrics extends BusinessMetrics {
  /** Writes what was counted, one line for each reason. */
  flush: () => void;
}

let ofThisFunction: BufferedMetrics | undefined;

/**
 * The metrics of a deployed function, one for all who count in it: lines of CloudWatch's embedded metric format on standard output,
 * in the namespace that the stack names. They cost a log line, and no request.
 */
export function metricsFromEnvironment(): BufferedMetrics {
  return (ofThisFunction ??= createMetrics());
}

export function createMetrics(): BufferedMetrics {
  // Each set of dimensions is a line of its own, so that a batch of ten refusals for one reason is one line as well.
  const byReason = new Map<string | undefined, Metrics>();
  const counted = new Set<Metrics>();

  function metricsFor(reason: string | undefined): Metrics {
    let metrics = byReason.get(reason);
    if (!metrics) {
      metrics = new Metrics(reason === undefined ? {} : { defaultDimensions: { reason } });
      byReason.set(reason, metrics);
    }
    counted.add(metrics);
    return metrics;
  }

  const count = (name: string, reason?: string): void => {
    metricsFor(reason).addMetric(name, MetricUnit.Count, 1);
  };
  return {
    onRecorded: ({ type, data }) => count(type, 'reason' in data ? data.reason : undefined),
    count,
    took(name, milliseconds) {
      metricsFor(undefined).addMetric(name, MetricUnit.Milliseconds, milliseconds);
    },
    flush() {
      for (const metrics of counted) metrics.publishStoredMetrics();
      counted.clear();
    },
  };
}

import { Metrics, MetricUnit } from '@aws-lambda-powertools/metrics';
import type { AirlineEvent } from '@airline/events-schemas/events';

/** A service's business metrics. Names and reasons are terms of the contract: few, and never personal data. */
export interface BusinessMetrics {
  /**
   * Counts a fact. Call it once for each fact, in the run whose conditional write recorded it. A redelivery finds the
   * record, publishes the same event again and does not count it again. A run that dies between its write and the end
   * of its batch counts nothing.
   */
  onRecorded: (event: AirlineEvent) => void;
  /** Counts something that is no event. */
  count: (name: string, reason?: string) => void;
  /** Records a duration. */
  took: (name: string, milliseconds: number) => void;
  /** Records an age. */
  seconds: (name: string, seconds: number) => void;
}

/** Metrics that are kept in memory until `flush`. */
export interface BufferedMetrics extends BusinessMetrics {
  /** Writes what was counted since the last flush: one line for each reason. */
  flush: () => void;
}

let ofThisFunction: BufferedMetrics | undefined;

/**
 * The metrics of a deployed function: always the same instance. They are written as lines of CloudWatch's embedded
 * metric format on standard output, in the namespace that the stack sets. So they cost no request.
 */
export function metricsFromEnvironment(): BufferedMetrics {
  return (ofThisFunction ??= createMetrics());
}

export function createMetrics(): BufferedMetrics {
  // A line of the embedded metric format has one set of dimensions, so each reason needs its own Metrics.
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
    seconds(name, seconds) {
      metricsFor(undefined).addMetric(name, MetricUnit.Seconds, seconds);
    },
    flush() {
      for (const metrics of counted) metrics.publishStoredMetrics();
      counted.clear();
    },
  };
}

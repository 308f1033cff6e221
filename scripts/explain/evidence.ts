import type { PaymentRecord } from '../../packages/payments/src/domain.ts';
import type { ReceiptsRecord } from '../../packages/receipts/src/domain.ts';
import type { SeatsRecord } from '../../packages/seats/src/domain.ts';
import type { Fact, FactType } from '../../packages/status/src/domain.ts';
import type { Kind } from '../dead-letters/dead-letters.ts';
import type { LostEvent } from '../dead-letters/lost-events.ts';
import type { LogLine } from '../airline/message-log.ts';

/** A dead letter of a booking, without its body. */
export interface Letter {
  service: string;
  kind: Kind;
  detailType: string;
  reason: string;
  error?: string;
  /** RFC 3339 UTC. */
  firstSeen: string;
  /** Whether the service has stated that it can never handle it. */
  willComeBack: boolean;
}

/** The messages in a service's own queue. */
export interface QueueCounts {
  /** Received by nobody yet. */
  waiting: number;
  /** Received, and neither deleted nor visible again. */
  inFlight: number;
  /** Failures after which SQS moves a message to the dead-letter queue. */
  maxReceiveCount: number;
}

/** What the payment provider says. `charge`: the state of the last charge. `refusal`: it answered with this error. */
export type ProviderAnswer = { answers: true; charge?: string; refusal?: string } | { answers: false; error: string };

/** A source that could not be read, or only in part. */
export interface Unread {
  source: string;
  why: string;
}

/** What receipts has recorded, without names and addresses. */
export interface ReceiptsSummary extends Pick<ReceiptsRecord, 'receipt'> {
  heard: FactType[];
  hasRefundNotice: boolean;
}

/** All that can be found out about one booking. It has no personal data. */
export interface Evidence {
  bookingId: string;
  /** RFC 3339 UTC. */
  readAt: string;
  facts: readonly Fact[];
  seats?: SeatsRecord;
  payment?: PaymentRecord;
  receipts?: ReceiptsSummary;
  letters: readonly Letter[];
  /** Of this booking. Only the local cloud lists them. */
  lost: readonly LostEvent[];
  /** Of the consumers, oldest first. */
  lines: readonly LogLine[];
  /** By service. */
  queues: Readonly<Record<string, QueueCounts>>;
  /** Asked only if payments has work at the provider. */
  provider?: ProviderAnswer;
  unread: readonly Unread[];
}

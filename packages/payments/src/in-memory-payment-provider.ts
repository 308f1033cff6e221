import type { ChargeOutcome } from './domain.ts';
import type { Intent, PaymentProvider } from './payment-provider.ts';

/** When a request times out: before the provider acts on it, or after it, so that only the answer is lost. */
type Loss = 'before' | 'after';

export interface InMemoryPaymentProviderOptions {
  now?: () => Date;
  /** Called for each request; decides whether it times out. @default no request does */
  lose?: (operation: keyof PaymentProvider, bookingId: string) => Loss | undefined;
}

export interface InMemoryPaymentProvider extends PaymentProvider {
  /** The totals that were charged and refunded for a booking, in minor units. */
  movedFor(bookingId: string): { charged: number; refunded: number };
  /** Forgets all idempotency keys, as Stripe does after a day. */
  forgetIdempotencyKeys(): void;
}

interface Entry {
  bookingId: string;
  method: string;
  amountMinor: number;
  intent: Intent;
  refundId?: string;
}

/**
 * The payment provider of tests and simulations. It recognizes Stripe's test payment methods by name: `pm_card_…` with
 * `chargeDeclined` in it is declined, any other `pm_card_…` is charged, and everything else does not exist.
 */
export function createInMemoryPaymentProvider(options: InMemoryPaymentProviderOptions = {}): InMemoryPaymentProvider {
  const { now = () => new Date(), lose } = options;
  const entries = new Map<string, Entry>();
  const intentByBooking = new Map<string, string>();

  function entryOf(intentId: string): Entry {
    const entry = entries.get(intentId);
    if (!entry) throw new Error(`There is no intent ${intentId}.`);
    return entry;
  }

  async function request<T>(operation: keyof PaymentProvider, bookingId: string, act: () => T): Promise<T> {
    // A request is asynchronous, so that other runs can interleave with it.
    await Promise.resolve();
    const lost = lose?.(operation, bookingId);
    if (lost === 'before') throw new Error(`${operation}: timed out, not done`);
    const answer = structuredClone(act());
    if (lost === 'after') throw new Error(`${operation}: timed out, done`);
    return answer;
  }

  /** Sets the outcome of an unconfirmed intent. Any other intent keeps its outcome, as at Stripe. */
  function decide(intentId: string, outcome: ChargeOutcome): ChargeOutcome {
    const entry = entryOf(intentId);
    if (entry.intent.kind !== 'unconfirmed') return entry.intent;
    return (entry.intent = outcome);
  }

  return {
    createIntent(bookingId, { method, amountMinor }) {
      return request('createIntent', bookingId, () => {
        if (!method.startsWith('pm_card_')) return { kind: 'refused', declineCode: 'invalid_payment_method' } as const;
        const intentId = intentByBooking.get(bookingId) ?? `pi_${entries.size + 1}`;
        intentByBooking.set(bookingId, intentId);
        if (!entries.has(intentId))
          entries.set(intentId, { bookingId, method, amountMinor, intent: { kind: 'unconfirmed' } });
        return { kind: 'created', intentId } as const;
      });
    },

    findIntent(intentId) {
      return request('findIntent', entryOf(intentId).bookingId, () => entryOf(intentId).intent);
    },

    confirm({ bookingId, intentId }) {
      return request('confirm', bookingId, () => {
        const isDeclined = entryOf(intentId).method.includes('chargeDeclined');
        if (isDeclined) return decide(intentId, { kind: 'declined', declineCode: 'generic_decline' });
        return decide(intentId, { kind: 'charged', paidAt: now().toISOString() });
      });
    },

    cancel({ bookingId, intentId }) {
      return request('cancel', bookingId, () => decide(intentId, { kind: 'cancelled' }));
    },

    findRefund({ bookingId, intentId }) {
      return request('findRefund', bookingId, () => {
        const { refundId } = entryOf(intentId);
        return refundId === undefined ? undefined : { refundId };
      });
    },

    refund({ bookingId, intentId }) {
      return request('refund', bookingId, () => {
        const entry = entryOf(intentId);
        if (entry.intent.kind !== 'charged') throw new Error(`Intent ${intentId} has no charge to refund.`);
        return { refundId: (entry.refundId ??= `re_${intentId}`) };
      });
    },

    movedFor(bookingId) {
      const charges = [...entries.values()].filter(
        (entry) => entry.bookingId === bookingId && entry.intent.kind === 'charged',
      );
      const sum = (some: Entry[]): number => some.reduce((total, { amountMinor }) => total + amountMinor, 0);
      return { charged: sum(charges), refunded: sum(charges.filter(({ refundId }) => refundId !== undefined)) };
    },

    forgetIdempotencyKeys() {
      intentByBooking.clear();
    },
  };
}

import type { ChargeOutcome } from './domain.ts';
import type { Intent, PaymentProvider } from './payment-provider.ts';

/** Where a request gets lost: before the provider acts on it, or after, when only its answer is lost. */
type Loss = 'before' | 'after';

export interface InMemoryPaymentProviderOptions {
  now?: () => Date;
  /** Asked at every request: whether it times out, with or without the deed done. @default none does */
  lose?: (operation: keyof PaymentProvider, bookingId: string) => Loss | undefined;
}

export interface InMemoryPaymentProvider extends PaymentProvider {
  /** All that was charged for a booking, and all that was refunded, in minor units. */
  movedFor(bookingId: string): { charged: number; refunded: number };
  /** As Stripe does after a day. */
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
 * The provider of tests and simulations. It knows the test payment methods by their names: those with `chargeDeclined` are
 * declined, others of `pm_card_…` are charged, and there are none besides.
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
    // A request takes a while, however short: other runs get in between.
    await Promise.resolve();
    const lost = lose?.(operation, bookingId);
    if (lost === 'before') throw new Error(`${operation}: timed out, not done`);
    const answer = structuredClone(act());
    if (lost === 'after') throw new Error(`${operation}: timed out, done`);
    return answer;
  }

  /** Only an intent that is unconfirmed moves on, as at Stripe; any other shows what it is. */
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

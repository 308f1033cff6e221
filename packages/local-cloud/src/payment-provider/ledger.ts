import type { Charge, PaymentIntent, Refund } from './objects.ts';
import type { TestCard } from './test-cards.ts';

/** Objects of one kind, in the order of their creation. Lookup by id takes constant time. */
export class Records<Value extends { readonly id: string }> {
  readonly #values: Value[] = [];
  readonly #positions = new Map<string, number>();

  get(id: string): Value | undefined {
    const position = this.#positions.get(id);
    return position === undefined ? undefined : this.#values[position];
  }

  /** Adds an object, or replaces the one with the same id. */
  put(value: Value): Value {
    const position = this.#positions.get(value.id) ?? this.#values.length;
    this.#values[position] = value;
    this.#positions.set(value.id, position);
    return value;
  }

  /** Oldest first. */
  get all(): readonly Value[] {
    return this.#values;
  }

  positionOf(id: string): number | undefined {
    return this.#positions.get(id);
  }
}

/**
 * The provider's payment intents, charges and refunds, in memory. A run may create 100,000 intents: lookups never scan.
 */
export class Ledger {
  readonly intents = new Records<PaymentIntent>();
  readonly charges = new Records<Charge>();
  readonly refunds = new Records<Refund>();
  /** By payment method id. */
  readonly cards = new Map<string, TestCard>();
  readonly #chargesByIntent = new Map<string, string[]>();
  readonly #refundsByCharge = new Map<string, string[]>();

  addCharge(charge: Charge): Charge {
    append(this.#chargesByIntent, charge.payment_intent, charge.id);
    return this.charges.put(charge);
  }

  addRefund(refund: Refund): Refund {
    append(this.#refundsByCharge, refund.charge, refund.id);
    return this.refunds.put(refund);
  }

  /** Oldest first. */
  chargesOf(intentId: string): Charge[] {
    return (this.#chargesByIntent.get(intentId) ?? []).flatMap((id) => this.charges.get(id) ?? []);
  }

  /** Oldest first. */
  refundsOf(chargeId: string): Refund[] {
    return (this.#refundsByCharge.get(chargeId) ?? []).flatMap((id) => this.refunds.get(id) ?? []);
  }
}

function append(index: Map<string, string[]>, key: string, id: string): void {
  const ids = index.get(key);
  if (ids) ids.push(id);
  else index.set(key, [id]);
}

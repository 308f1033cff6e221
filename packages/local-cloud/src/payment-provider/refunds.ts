import { money } from './amounts.ts';
import { invalidRequest, resourceMissing } from './api-error.ts';
import type { Ledger } from './ledger.ts';
import { newId } from './objects.ts';
import type { Charge, Refund } from './objects.ts';
import type { Operation } from './operation.ts';
import { listingOf, readExpand, readPage } from './expand-and-paging.ts';

const REASONS = ['duplicate', 'fraudulent', 'requested_by_customer'] as const;

const UNUSED_FIELDS = Object.freeze({
  customer: null,
  customer_account: null,
  payment_method: null,
  receipt_number: null,
  source_transfer_reversal: null,
  transfer_reversal: null,
  destination_details: {
    card: { reference_status: 'pending', reference_type: 'acquirer_reference_number', type: 'refund' },
    type: 'card',
  },
});

export const createRefund: Operation = ({ ledger, now }, parameters) => {
  const chargeId = parameters.string('charge');
  const intentId = parameters.string('payment_intent');
  const amount = parameters.integer('amount', { minimum: 1, maximum: Number.MAX_SAFE_INTEGER });
  const reason = parameters.oneOf('reason', REASONS) ?? null;
  const metadata = parameters.metadata();
  const show = readExpand(parameters, ledger, 'refund');
  parameters.refuseUnknown();
  if (chargeId === undefined && intentId === undefined) {
    const message = 'One of the following params should be provided for this request: payment_intent or charge.';
    throw invalidRequest(message, { code: 'parameter_missing', param: 'payment_intent' });
  }
  if (chargeId !== undefined && intentId !== undefined) {
    throw invalidRequest('You may only specify one of these parameters: charge, payment_intent.', { param: 'charge' });
  }
  return () => {
    const charge = chargeId === undefined ? latestChargeOf(ledger, intentId ?? '') : findCharge(ledger, chargeId);
    const refunded = refundable(charge, amount);
    ledger.charges.put({
      ...charge,
      amount_refunded: charge.amount_refunded + refunded,
      refunded: charge.amount_refunded + refunded === charge.amount_captured,
    });
    const refund: Refund = {
      ...UNUSED_FIELDS,
      id: newId('re'),
      object: 'refund',
      amount: refunded,
      balance_transaction: newId('txn'),
      charge: charge.id,
      created: now(),
      currency: charge.currency,
      metadata,
      payment_intent: charge.payment_intent,
      reason,
      status: 'succeeded',
    };
    return show(ledger.addRefund(refund));
  };
};

export const retrieveRefund: Operation = ({ ledger }, parameters, id) => {
  const show = readExpand(parameters, ledger, 'refund');
  parameters.refuseUnknown();
  return () => {
    const refund = ledger.refunds.get(id);
    if (refund === undefined) throw resourceMissing('refund', id, 'id', 404);
    return show(refund);
  };
};

export const listRefunds: Operation = ({ ledger }, parameters) => {
  const chargeId = parameters.string('charge');
  const intentId = parameters.string('payment_intent');
  const page = readPage<Refund>(parameters, ledger, 'refund', '/v1/refunds');
  parameters.refuseUnknown();
  return () => {
    if (chargeId === undefined && intentId === undefined) {
      return page({ values: ledger.refunds.all, positionOf: (id) => ledger.refunds.positionOf(id) });
    }
    const ofCharge = chargeId === undefined ? undefined : ledger.refundsOf(findCharge(ledger, chargeId).id);
    if (intentId === undefined) return page(listingOf(ofCharge ?? []));
    if (ledger.intents.get(intentId) === undefined) throw resourceMissing('payment_intent', intentId, 'payment_intent');
    // At most one charge of an intent is paid, so its refunds are already in order.
    const ofIntent = ledger.chargesOf(intentId).flatMap((charge) => ledger.refundsOf(charge.id));
    return page(listingOf(ofCharge?.filter((refund) => refund.payment_intent === intentId) ?? ofIntent));
  };
};

/**
 * The amount to refund: by default the rest of the charge.
 * @throws ApiError when the charge was not paid, is fully refunded, or its rest is less than the requested amount
 */
function refundable(charge: Charge, amount: number | undefined): number {
  if (!charge.paid) throw nothingToRefund(charge.payment_intent);
  const left = charge.amount_captured - charge.amount_refunded;
  if (left === 0) {
    throw invalidRequest(`Charge ${charge.id} has already been refunded.`, { code: 'charge_already_refunded' });
  }
  if (amount !== undefined && amount > left) {
    const [requested, unrefunded] = [money(amount, charge.currency), money(left, charge.currency)];
    const message = `Refund amount (${requested}) is greater than unrefunded amount on charge (${unrefunded})`;
    throw invalidRequest(message, { param: 'amount' });
  }
  return amount ?? left;
}

function latestChargeOf(ledger: Ledger, intentId: string): Charge {
  const intent = ledger.intents.get(intentId);
  if (intent === undefined) throw resourceMissing('payment_intent', intentId, 'payment_intent');
  const charge = intent.latest_charge === null ? undefined : ledger.charges.get(intent.latest_charge);
  if (charge === undefined) throw nothingToRefund(intentId);
  return charge;
}

function findCharge(ledger: Ledger, chargeId: string): Charge {
  const charge = ledger.charges.get(chargeId);
  if (charge === undefined) throw resourceMissing('charge', chargeId, 'charge');
  return charge;
}

function nothingToRefund(intentId: string): Error {
  const message = `This PaymentIntent (${intentId}) does not have a successful charge to refund.`;
  return invalidRequest(message, { param: 'payment_intent' });
}

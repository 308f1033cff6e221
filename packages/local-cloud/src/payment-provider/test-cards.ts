/** Stripe's test payment methods: https://docs.stripe.com/testing */
export interface TestCard {
  /** The card's details in payment methods and charges. All of them share this object. */
  details: { readonly type: 'card'; readonly card: object };
  /**
   * `'authentication'`: the customer must authenticate, which nobody can do here.
   * @default the charge succeeds
   */
  behavior?: Decline | 'authentication';
}

export interface Decline {
  code: string;
  declineCode: string;
  message: string;
  /** Stripe's fraud rules declined the payment, not the bank. */
  blocked?: true;
}

const DECLINED = 'Your card was declined.';
const declined = (declineCode: string, message = DECLINED): Decline => ({
  code: 'card_declined',
  declineCode,
  message,
});
type Funding = 'credit' | 'debit' | 'prepaid';
const card = (brand: string, funding: Funding, last4: string, behavior?: TestCard['behavior']): TestCard => ({
  details: { type: 'card', card: { brand, country: 'US', exp_month: 12, exp_year: 2034, funding, last4 } },
  ...(behavior === undefined ? {} : { behavior }),
});
const visa = (last4: string, behavior?: TestCard['behavior']) => card('visa', 'credit', last4, behavior);

const GENERIC_DECLINE = visa('0002', declined('generic_decline'));
const INSUFFICIENT_FUNDS = visa('9995', declined('insufficient_funds', 'Your card has insufficient funds.'));
const LOST_CARD = visa('9987', declined('lost_card'));
const STOLEN_CARD = visa('9979', declined('stolen_card'));
const VELOCITY_EXCEEDED = visa(
  '6975',
  declined(
    'card_velocity_exceeded',
    'Your card was declined for making repeated attempts too frequently or exceeding its amount limit.',
  ),
);
const FRAUDULENT = visa('0019', { ...declined('fraudulent'), blocked: true });
const EXPIRED_CARD = visa('0069', {
  code: 'expired_card',
  declineCode: 'expired_card',
  message: 'Your card has expired.',
});
const INCORRECT_CVC = visa('0127', {
  code: 'incorrect_cvc',
  declineCode: 'incorrect_cvc',
  message: "Your card's security code is incorrect.",
});
const PROCESSING_ERROR = visa('0119', {
  code: 'processing_error',
  declineCode: 'processing_error',
  message: 'An error occurred while processing your card. Try again in a little bit.',
});

// For declines, Stripe has names with and without the brand. Integrations use both.
const TEST_CARDS = new Map<string, TestCard>([
  ['pm_card_visa', visa('4242')],
  ['pm_card_visa_debit', card('visa', 'debit', '5556')],
  ['pm_card_us', visa('4242')],
  ['pm_card_mastercard', card('mastercard', 'credit', '4444')],
  ['pm_card_mastercard_debit', card('mastercard', 'debit', '8210')],
  ['pm_card_mastercard_prepaid', card('mastercard', 'prepaid', '5100')],
  ['pm_card_amex', card('amex', 'credit', '8431')],
  ['pm_card_discover', card('discover', 'credit', '1117')],
  ['pm_card_diners', card('diners', 'credit', '0004')],
  ['pm_card_jcb', card('jcb', 'credit', '0505')],
  ['pm_card_unionpay', card('unionpay', 'credit', '0005')],
  ['pm_card_chargeDeclined', GENERIC_DECLINE],
  ['pm_card_visa_chargeDeclined', GENERIC_DECLINE],
  ['pm_card_chargeDeclinedInsufficientFunds', INSUFFICIENT_FUNDS],
  ['pm_card_visa_chargeDeclinedInsufficientFunds', INSUFFICIENT_FUNDS],
  ['pm_card_chargeDeclinedLostCard', LOST_CARD],
  ['pm_card_visa_chargeDeclinedLostCard', LOST_CARD],
  ['pm_card_chargeDeclinedStolenCard', STOLEN_CARD],
  ['pm_card_visa_chargeDeclinedStolenCard', STOLEN_CARD],
  ['pm_card_chargeDeclinedVelocityLimitExceeded', VELOCITY_EXCEEDED],
  ['pm_card_visa_chargeDeclinedVelocityLimitExceeded', VELOCITY_EXCEEDED],
  ['pm_card_chargeDeclinedFraudulent', FRAUDULENT],
  ['pm_card_chargeDeclinedExpiredCard', EXPIRED_CARD],
  ['pm_card_visa_chargeDeclinedExpiredCard', EXPIRED_CARD],
  ['pm_card_chargeDeclinedIncorrectCvc', INCORRECT_CVC],
  ['pm_card_visa_chargeDeclinedIncorrectCvc', INCORRECT_CVC],
  ['pm_card_chargeDeclinedProcessingError', PROCESSING_ERROR],
  ['pm_card_visa_chargeDeclinedProcessingError', PROCESSING_ERROR],
  ['pm_card_chargeCustomerFail', visa('0341', declined('generic_decline'))],
  ['pm_card_authenticationRequired', visa('3184', 'authentication')],
  ['pm_card_threeDSecure2Required', visa('3220', 'authentication')],
]);

export function testCard(name: string): TestCard | undefined {
  return TEST_CARDS.get(name);
}

/** The decline when the customer cannot authenticate, since the payment is `off_session`. */
export const AUTHENTICATION_DECLINE: Decline = {
  code: 'authentication_required',
  declineCode: 'authentication_required',
  message: 'Your card was declined. This transaction requires authentication.',
};

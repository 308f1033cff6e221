import { invalidRequest } from './api-error.ts';
import type { PaymentIntent } from './objects.ts';
import type { RequestParameters } from './request-parameters.ts';

export interface Confirmation {
  errorOnRequiresAction: boolean;
  offSession: boolean;
  returnUrl: string | undefined;
}

const CONFIRMATION_PARAMETERS = ['error_on_requires_action', 'off_session', 'return_url'];

/**
 * @param confirms whether the request confirms the intent
 * @throws ApiError for these parameters in a request that does not confirm
 */
export function readConfirmation(parameters: RequestParameters, confirms: boolean): Confirmation {
  const misplaced = confirms ? undefined : CONFIRMATION_PARAMETERS.find((name) => parameters.has(name));
  if (misplaced !== undefined) {
    throw invalidRequest(`\`${misplaced}\` can only be used with \`confirm=true\`.`, { param: misplaced });
  }
  return {
    errorOnRequiresAction: parameters.boolean('error_on_requires_action') ?? false,
    offSession: parameters.boolean('off_session') ?? false,
    returnUrl: parameters.string('return_url'),
  };
}

type MethodFields = 'allowed_payment_method_types' | 'automatic_payment_methods' | 'payment_method_types';

/** Since API version 2023-08-16, `automatic_payment_methods` is enabled by default. */
export function readPaymentMethodTypes(parameters: RequestParameters): Pick<PaymentIntent, MethodFields> {
  // Removed in API version 2026-09-30 (https://docs.stripe.com/changelog/endive). SDK 23 uses a later version.
  if (parameters.has('payment_method_types')) {
    const message =
      'The `payment_method_types` parameter is no longer supported. Use `allowed_payment_method_types`, or ' +
      '`automatic_payment_methods`.';
    throw invalidRequest(message, { code: 'payment_method_types_no_longer_supported', param: 'payment_method_types' });
  }
  const allowed = parameters.list('allowed_payment_method_types');
  const automatic = parameters.object('automatic_payment_methods');
  const enabled = automatic?.required('enabled', automatic.boolean('enabled')) ?? allowed === undefined;
  const allowRedirects = automatic?.oneOf('allow_redirects', ['always', 'never']) ?? 'always';
  automatic?.refuseUnknown();
  if (allowed === undefined) {
    return {
      allowed_payment_method_types: null,
      automatic_payment_methods: enabled ? { allow_redirects: allowRedirects, enabled } : null,
      payment_method_types: ['card'],
    };
  }
  if (automatic) {
    const message =
      'You may only specify one of these parameters: allowed_payment_method_types, automatic_payment_methods.';
    throw invalidRequest(message, { param: 'allowed_payment_method_types' });
  }
  if (!allowed.includes('card')) {
    throw invalidRequest('The local payment provider charges cards only.', { param: 'allowed_payment_method_types' });
  }
  return { allowed_payment_method_types: allowed, automatic_payment_methods: null, payment_method_types: ['card'] };
}

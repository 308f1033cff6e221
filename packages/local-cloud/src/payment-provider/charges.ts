import { resourceMissing } from './api-error.ts';
import type { Charge } from './objects.ts';
import type { Operation } from './operation.ts';
import { listingOf, readExpand, readPage } from './expand-and-paging.ts';

export const retrieveCharge: Operation = ({ ledger }, parameters, id) => {
  const show = readExpand(parameters, ledger, 'charge');
  parameters.refuseUnknown();
  return () => {
    const charge = ledger.charges.get(id);
    if (charge === undefined) throw resourceMissing('charge', id, 'id', 404);
    return show(charge);
  };
};

export const listCharges: Operation = ({ ledger }, parameters) => {
  const intentId = parameters.string('payment_intent');
  const page = readPage<Charge>(parameters, ledger, 'charge', '/v1/charges');
  parameters.refuseUnknown();
  return () => {
    if (intentId === undefined)
      return page({ values: ledger.charges.all, positionOf: (id) => ledger.charges.positionOf(id) });
    if (ledger.intents.get(intentId) === undefined) throw resourceMissing('payment_intent', intentId, 'payment_intent');
    return page(listingOf(ledger.chargesOf(intentId)));
  };
};

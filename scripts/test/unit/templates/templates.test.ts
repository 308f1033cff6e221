/** The suites share one synthesis of all stacks, which takes longer than all their tests. */
import './suites/documented-routes.ts';
import './suites/flow.ts';
import './suites/operations.ts';
import './suites/operator-roles.ts';
import './suites/registered-schemas.ts';
import './suites/routes.ts';
import './suites/who-hears.ts';

import { airlineApp } from '@airline/infra/airline-app';
import { serviceName } from '@airline/infra/names';
import { PaymentsStack } from './stack.ts';

const app = await airlineApp();
new PaymentsStack(app, serviceName(app, 'payments'));
app.synth();

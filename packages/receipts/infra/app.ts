import { airlineApp } from '@airline/infra/airline-app';
import { serviceName } from '@airline/infra/names';
import { ReceiptsStack } from './stack.ts';

const app = await airlineApp();
new ReceiptsStack(app, serviceName(app, 'receipts'));
app.synth();

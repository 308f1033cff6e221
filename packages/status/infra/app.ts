import { airlineApp } from '@airline/infra/airline-app';
import { serviceName } from '@airline/infra/names';
import { StatusStack } from './stack.ts';

const app = await airlineApp();
new StatusStack(app, serviceName(app, 'status'));
app.synth();

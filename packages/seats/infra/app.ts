import { airlineApp } from '@airline/infra/airline-app';
import { serviceName } from '@airline/infra/names';
import { SeatsStack } from './stack.ts';

const app = await airlineApp();
new SeatsStack(app, serviceName(app, 'seats'));
app.synth();

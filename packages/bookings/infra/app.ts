import { airlineApp } from '@airline/infra/airline-app';
import { serviceName } from '@airline/infra/names';
import { BookingsStack } from './stack.ts';

const app = await airlineApp();
new BookingsStack(app, serviceName(app, 'bookings'));
app.synth();

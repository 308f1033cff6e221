import { App } from 'aws-cdk-lib';
import { serviceName } from '@airline/infra/names';
import { BookingsStack } from './stack.ts';

const app = new App();
new BookingsStack(app, serviceName(app, 'bookings'));
app.synth();

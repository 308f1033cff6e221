import { App } from 'aws-cdk-lib';
import { leaveOutWhatEmulatorsLack } from '@airline/infra/emulator';
import { serviceName } from '@airline/infra/names';
import { BookingsStack } from './stack.ts';

const app = new App();
leaveOutWhatEmulatorsLack(app);
new BookingsStack(app, serviceName(app, 'bookings'));
app.synth();

import { App } from 'aws-cdk-lib';
import { leaveOutWhatEmulatorsLack } from '@airline/infra/emulator';
import { serviceName } from '@airline/infra/names';
import { SeatsStack } from './stack.ts';

const app = new App();
leaveOutWhatEmulatorsLack(app);
new SeatsStack(app, serviceName(app, 'seats'));
app.synth();

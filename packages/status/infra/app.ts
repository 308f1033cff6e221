import { App } from 'aws-cdk-lib';
import { leaveOutWhatEmulatorsLack } from '@airline/infra/emulator';
import { serviceName } from '@airline/infra/names';
import { StatusStack } from './stack.ts';

const app = new App();
leaveOutWhatEmulatorsLack(app);
new StatusStack(app, serviceName(app, 'status'));
app.synth();

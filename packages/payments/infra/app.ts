import { App } from 'aws-cdk-lib';
import { leaveOutWhatEmulatorsLack } from '@airline/infra/emulator';
import { serviceName } from '@airline/infra/names';
import { PaymentsStack } from './stack.ts';

const app = new App();
leaveOutWhatEmulatorsLack(app);
new PaymentsStack(app, serviceName(app, 'payments'));
app.synth();

import { App } from 'aws-cdk-lib';
import { leaveOutWhatEmulatorsLack } from '@airline/infra/emulator';
import { serviceName } from '@airline/infra/names';
import { ReceiptsStack } from './stack.ts';

const app = new App();
leaveOutWhatEmulatorsLack(app);
new ReceiptsStack(app, serviceName(app, 'receipts'));
app.synth();

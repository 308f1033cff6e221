import { App } from 'aws-cdk-lib';
import { leaveOutWhatEmulatorsLack } from './src/emulator.ts';
import { serviceName } from './src/names.ts';
import { PlatformStack } from './src/platform-stack.ts';

const app = new App();
leaveOutWhatEmulatorsLack(app);
new PlatformStack(app, serviceName(app, 'platform'));
app.synth();

import { App } from 'aws-cdk-lib';
import { serviceName } from './src/names.ts';
import { PlatformStack } from './src/platform-stack.ts';

const app = new App();
new PlatformStack(app, serviceName(app, 'platform'));
app.synth();

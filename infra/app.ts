import { airlineApp } from './src/airline-app.ts';
import { serviceName } from './src/names.ts';
import { PlatformStack } from './src/platform-stack.ts';

const app = await airlineApp();
new PlatformStack(app, serviceName(app, 'platform'));
app.synth();

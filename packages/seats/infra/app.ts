import { App } from 'aws-cdk-lib';
import { serviceName } from '@airline/infra/names';
import { SeatsStack } from './stack.ts';

const app = new App();
new SeatsStack(app, serviceName(app, 'seats'));
app.synth();

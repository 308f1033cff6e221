import { App } from 'aws-cdk-lib';
import { serviceName } from '@airline/infra/names';
import { StatusStack } from './stack.ts';

const app = new App();
new StatusStack(app, serviceName(app, 'status'));
app.synth();

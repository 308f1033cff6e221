import { App } from 'aws-cdk-lib';
import { serviceName } from '@airline/infra/names';
import { PaymentsStack } from './stack.ts';

const app = new App();
new PaymentsStack(app, serviceName(app, 'payments'));
app.synth();

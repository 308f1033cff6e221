import { App } from 'aws-cdk-lib';
import { serviceName } from '@airline/infra/names';
import { ReceiptsStack } from './stack.ts';

const app = new App();
new ReceiptsStack(app, serviceName(app, 'receipts'));
app.synth();

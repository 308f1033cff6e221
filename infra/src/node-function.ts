import type { Duration } from 'aws-cdk-lib';
import { DockerImage, AssetHashType, RemovalPolicy } from 'aws-cdk-lib';
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Architecture, Code, Function, Runtime, Tracing, type FunctionOptions } from 'aws-cdk-lib/aws-lambda';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import type { Construct } from 'constructs';
import { buildSync } from 'esbuild';
import { justify } from './policies/justify.ts';
import path from 'node:path';
import { logLevel, logRetention } from './log-settings.ts';
import { airlineName, serviceName } from './names.ts';
import { ServiceOperations } from './service-operations.ts';

export interface NodeFunctionProps extends FunctionOptions {
  /** The service that the function belongs to, e.g. `seats`. */
  readonly service: string;
  /** The function's role in its service. The names of its alarms and graphs contain it. */
  readonly kind: 'consumer' | 'api' | 'watch';
  /** Absolute path of the TypeScript file that exports `handler`. */
  readonly entry: string;
  /** The timeout of one invocation. A consumer's queue derives its visibility timeout from it. */
  readonly timeout: Duration;
}

/**
 * A Lambda function from one TypeScript file, bundled by esbuild's API. That takes a tenth of a second; the CDK's
 * `NodejsFunction` calls esbuild through the package manager, which takes about two seconds for each function.
 */
export class NodeFunction extends Function {
  constructor(scope: Construct, id: string, { service, kind, entry, environment, ...props }: NodeFunctionProps) {
    // Dashboards refer to it, and operators type it.
    const functionName = serviceName(scope, `${service}-${kind}`);
    const logGroup = new LogGroup(scope, `${id}Logs`, {
      // The name that Lambda itself would choose. `pnpm explain` reads the log by it.
      logGroupName: `/aws/lambda/${functionName}`,
      retention: logRetention(scope),
      removalPolicy: RemovalPolicy.DESTROY,
    });
    // The CDK's default role has AWSLambdaBasicExecutionRole, which may write to every log group of the account.
    const role = new Role(scope, `${id}Role`, { assumedBy: new ServicePrincipal('lambda.amazonaws.com') });
    logGroup.grantWrite(role);
    // The CDK adds these permissions to a function with active tracing.
    for (const finding of [
      'foreign xray:PutTraceSegments *',
      'foreign xray:PutTelemetryRecords *',
      'AwsSolutions-IAM5[Resource::*]',
    ])
      justify(role, finding, 'X-Ray has no resource-level permissions for writing traces.');
    super(scope, id, {
      runtime: Runtime.NODEJS_24_X,
      architecture: Architecture.ARM_64,
      memorySize: 256,
      logGroup,
      role,
      tracing: Tracing.ACTIVE,
      ...props,
      functionName,
      handler: 'index.handler',
      code: bundle(entry),
      environment: {
        POWERTOOLS_SERVICE_NAME: service,
        POWERTOOLS_METRICS_NAMESPACE: airlineName(scope),
        POWERTOOLS_LOG_LEVEL: logLevel(scope),
        ...environment,
      },
    });
    ServiceOperations.of(this, service).watchFunction(kind, this);
  }
}

function bundle(entry: string): Code {
  return Code.fromAsset(path.dirname(entry), {
    assetHashType: AssetHashType.OUTPUT,
    bundling: {
      // The image is never pulled: the local bundler below either succeeds or throws.
      image: DockerImage.fromRegistry('unused'),
      // The CDK caches a bundle by folder and options. The file name as an option keeps two files of one folder apart.
      command: [path.basename(entry)],
      local: {
        tryBundle(outputFolder) {
          buildSync({
            entryPoints: [entry],
            outfile: path.join(outputFolder, 'index.js'),
            bundle: true,
            // The local cloud asks for source maps when a debugger is attached to it. Deployments have none.
            ...(process.env.AIRLINE_SOURCE_MAPS === 'true' ? { sourcemap: 'inline' } : { minify: true }),
            keepNames: true,
            platform: 'node',
            format: 'cjs',
            // The oldest Node that runs the bundle: the local cloud runs it on this machine's Node, 20.19 or later.
            target: 'node20',
            mainFields: ['module', 'main'],
            legalComments: 'none',
            logLevel: 'warning',
          });
          return true;
        },
      },
    },
  });
}

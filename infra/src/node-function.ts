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
import { airlineName } from './names.ts';
import { ServiceOperations } from './service-operations.ts';

export interface NodeFunctionProps extends FunctionOptions {
  /** The service that it belongs to, e.g. `seats`. */
  readonly service: string;
  /** What it is there for: `consumer`, `api`. Its alarms and graphs are named by it. */
  readonly kind: 'consumer' | 'api';
  /** Absolute path of the TypeScript file that exports `handler`. */
  readonly entry: string;
  /** How long one invocation may take. Queues derive their visibility timeout from it. */
  readonly timeout: Duration;
}

/**
 * A function from one TypeScript file, bundled by esbuild. `NodejsFunction` bundles through the package manager, about two
 * seconds a function; esbuild's own API takes a tenth of one.
 */
export class NodeFunction extends Function {
  constructor(scope: Construct, id: string, { service, kind, entry, environment, ...props }: NodeFunctionProps) {
    const logGroup = new LogGroup(scope, `${id}Logs`, {
      retention: logRetention(scope),
      removalPolicy: RemovalPolicy.DESTROY,
    });
    // The role that the CDK would make may write to every log group of the account (AWSLambdaBasicExecutionRole).
    const role = new Role(scope, `${id}Role`, { assumedBy: new ServicePrincipal('lambda.amazonaws.com') });
    logGroup.grantWrite(role);
    // What the CDK grants to a function that is traced.
    for (const finding of [
      'foreign xray:PutTraceSegments *',
      'foreign xray:PutTelemetryRecords *',
      'AwsSolutions-IAM5[Resource::*]',
    ])
      justify(
        role,
        finding,
        'A trace is no resource that could be named: X-Ray has no permissions by resource for writing.',
      );
    super(scope, id, {
      runtime: Runtime.NODEJS_24_X,
      architecture: Architecture.ARM_64,
      memorySize: 256,
      logGroup,
      role,
      tracing: Tracing.ACTIVE,
      ...props,
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
      // Never pulled: the local bundler below always succeeds or throws.
      image: DockerImage.fromRegistry('unused'),
      // The CDK bundles once for each folder and options; the file must be told apart by an option.
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
            // The oldest Node that runs it: the local cloud's.
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

import type { Duration } from 'aws-cdk-lib';
import { DockerImage, AssetHashType, RemovalPolicy } from 'aws-cdk-lib';
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Architecture, Code, Function, Runtime, type FunctionOptions } from 'aws-cdk-lib/aws-lambda';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import type { Construct } from 'constructs';
import { buildSync } from 'esbuild';
import path from 'node:path';

export interface NodeFunctionProps extends FunctionOptions {
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
  constructor(scope: Construct, id: string, { entry, environment, ...props }: NodeFunctionProps) {
    const logGroup = new LogGroup(scope, `${id}Logs`, {
      retention: RetentionDays.ONE_MONTH,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    // The role that the CDK would make may write to every log group of the account (AWSLambdaBasicExecutionRole).
    const role = new Role(scope, `${id}Role`, { assumedBy: new ServicePrincipal('lambda.amazonaws.com') });
    logGroup.grantWrite(role);
    super(scope, id, {
      runtime: Runtime.NODEJS_24_X,
      architecture: Architecture.ARM_64,
      memorySize: 256,
      logGroup,
      role,
      ...props,
      handler: 'index.handler',
      code: bundle(entry),
      environment: { POWERTOOLS_SERVICE_NAME: path.basename(path.dirname(path.dirname(entry))), ...environment },
    });
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
            minify: true,
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

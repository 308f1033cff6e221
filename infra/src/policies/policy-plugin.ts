import {
  CfnResource,
  type IPolicyValidationContext,
  type IPolicyValidationPlugin,
  type PolicyValidationPluginReport,
  Stack,
} from 'aws-cdk-lib';
import { AwsSolutionsChecks } from 'cdk-nag';
import type { IConstruct } from 'constructs';
import { readFileSync } from 'node:fs';
import { airlineName } from '../names.ts';
import { checkStack } from './check-stack.ts';
import { type Finding, formatFinding, unresolvedFindings } from './finding.ts';
import { justificationsIn } from './justify.ts';
import { SynthesizedStack, type Template } from './synthesized-stack.ts';

/** Runs the project's own checks and cdk-nag's AwsSolutions pack at each synthesis of an app that has this plugin. */
export class PolicyPlugin implements IPolicyValidationPlugin {
  readonly name = 'airline-policies';

  validate({ appConstruct, stackTemplates }: IPolicyValidationContext): PolicyValidationPluginReport {
    const templates = stackTemplates.map(({ stackConstructPath, templatePath }) => ({
      stackPath: stackConstructPath,
      template: JSON.parse(readFileSync(templatePath, 'utf8')) as Template,
    }));
    const violations = findUnresolved(appConstruct, templates).map((finding) => ({
      ruleName: finding.id,
      description: formatFinding(finding),
      // The severity is not "error", because the CDK's own acknowledgements would suppress it. The CDK does not
      // report an acknowledgement that no longer matches anything.
      severity: 'fatal',
      violatingResources: [{ constructPath: finding.path, locations: [] }],
    }));
    return { success: violations.length === 0, violations };
  }
}

export interface StackTemplate {
  /** The path of the Stack construct. */
  stackPath: string;
  template: Template;
}

/** Runs all checks on the stacks of an app. Returns the findings that its justifications do not resolve. */
export function findUnresolved(app: IConstruct, stacks: readonly StackTemplate[]): Finding[] {
  const own = stacks.flatMap(({ stackPath, template }) => checkStack(readStack(app, stackPath, template)));
  return unresolvedFindings([...own, ...nagFindings(app)], justificationsIn(app));
}

function readStack(app: IConstruct, stackPath: string, template: Template): SynthesizedStack {
  const stack = stacksIn(app).find(({ node }) => node.path === stackPath)!;
  const paths = new Map(
    stack.node
      .findAll()
      .filter(CfnResource.isCfnResource)
      .map((resource) => [stack.resolve(resource.logicalId) as string, resource.node.path]),
  );
  const airline = airlineName(stack);
  const service = stack.stackName.replace(`${airline}-`, '');
  return new SynthesizedStack({
    name: stack.stackName,
    service,
    airline,
    isTerminationProtected: stack.terminationProtection,
    template,
    pathOf: (logicalId) => paths.get(logicalId),
  });
}

function nagFindings(app: IConstruct): Finding[] {
  const { violations } = new AwsSolutionsChecks(app, { verbose: true }).validateScope(app);
  return violations.flatMap(({ ruleName, description, violatingResources }) =>
    violatingResources.map(({ constructPath = '' }) => {
      const resource = app.node.findAll().find(({ node }) => node.path === constructPath) as CfnResource;
      const stack = Stack.of(resource);
      return {
        id: ruleName,
        stack: stack.stackName,
        logicalId: stack.resolve(resource.logicalId) as string,
        path: constructPath,
        problem: `cdk-nag reports: ${description.trim().replace(/\.$/, '')}`,
        remedy: 'fix it, or justify() it next to the construct',
      };
    }),
  );
}

function stacksIn(app: IConstruct): Stack[] {
  return app.node.findAll().filter(Stack.isStack);
}

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
import { explain, type Finding, inWords } from './finding.ts';
import { justificationsIn } from './justify.ts';
import { SynthesizedStack, type Template } from './synthesized-stack.ts';

/** The project's own checks and cdk-nag's AwsSolutions pack, at each synthesis that is to be deployed. */
export class PolicyPlugin implements IPolicyValidationPlugin {
  readonly name = 'airline-policies';

  validate({ appConstruct, stackTemplates }: IPolicyValidationContext): PolicyValidationPluginReport {
    const templates = stackTemplates.map(({ stackConstructPath, templatePath }) => ({
      stackPath: stackConstructPath,
      template: JSON.parse(readFileSync(templatePath, 'utf8')) as Template,
    }));
    const violations = findUnexplained(appConstruct, templates).map((finding) => ({
      ruleName: finding.id,
      description: inWords(finding),
      // Not "error": the CDK's own acknowledgements would silence that, and nobody would notice when they outlive their reason.
      severity: 'fatal',
      violatingResources: [{ constructPath: finding.path, locations: [] }],
    }));
    return { success: violations.length === 0, violations };
  }
}

export interface StackTemplate {
  /** Of the Stack construct. */
  stackPath: string;
  template: Template;
}

/** What is wrong with the stacks of an app and is not explained beside it, and explanations of what is not there. */
export function findUnexplained(app: IConstruct, stacks: readonly StackTemplate[]): Finding[] {
  const own = stacks.flatMap(({ stackPath, template }) => checkStack(readStack(app, stackPath, template)));
  return explain([...own, ...nagFindings(app)], justificationsIn(app));
}

function readStack(app: IConstruct, stackPath: string, template: Template): SynthesizedStack {
  const stack = stacksIn(app).find(({ node }) => node.path === stackPath)!;
  const paths = new Map(
    stack.node
      .findAll()
      .filter(CfnResource.isCfnResource)
      .map((resource) => [stack.resolve(resource.logicalId) as string, resource.node.path]),
  );
  const service = stack.stackName.replace(`${airlineName(stack)}-`, '');
  return new SynthesizedStack({
    name: stack.stackName,
    service,
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
        problem: `cdk-nag says: ${description.trim().replace(/\.$/, '')}`,
        remedy: 'mend it, or justify() it beside the construct',
      };
    }),
  );
}

function stacksIn(app: IConstruct): Stack[] {
  return app.node.findAll().filter(Stack.isStack);
}

import { type App, Aspects, CfnResource } from 'aws-cdk-lib';

/**
 * The types of resource that the emulator of `pnpm test:conformance` refuses ("Unrecognized resource types"), and what an airline
 * without them lacks. The one list of them: a stack that gains such a type gains a line here.
 */
const LACKING_IN_EMULATORS: Readonly<Record<string, string>> = {
  'AWS::CloudWatch::CompositeAlarm': 'its alarms stand alone',
  'AWS::EventSchemas::Registry': 'schemas are in the repository only',
  'AWS::EventSchemas::RegistryPolicy': 'schemas are in the repository only',
  'AWS::EventSchemas::Schema': 'schemas are in the repository only',
  'AWS::Events::Archive': 'events cannot be replayed',
  'AWS::Events::EventBusPolicy': 'whoever reaches the bus may put events on it; an emulator asks nobody for permissions',
};

/**
 * Leaves out of every stack of an app what emulators do not know, where the context value `emulator` is `true`
 * (`cdk deploy -c emulator=true`). Nothing may refer to a resource of these types.
 * @throws Error when the context value is neither `true` nor `false`
 */
export function leaveOutWhatEmulatorsLack(app: App): void {
  const given = String(app.node.tryGetContext('emulator') ?? false);
  if (given !== 'true' && given !== 'false') {
    throw new Error(`Context value emulator must be true or false; it is ${JSON.stringify(given)}.`);
  }
  if (given === 'false') return;
  Aspects.of(app).add({
    visit(node) {
      if (CfnResource.isCfnResource(node) && node.cfnResourceType in LACKING_IN_EMULATORS) {
        node.node.scope!.node.tryRemoveChild(node.node.id);
      }
    },
  });
}

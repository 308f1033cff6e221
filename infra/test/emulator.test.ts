import { describe, expect, test } from '@jest/globals';
import { App } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { leaveOutWhatEmulatorsLack } from '../src/emulator.ts';
import { PlatformStack } from '../src/platform-stack.ts';

function synthesize(emulator?: unknown): Template {
  const app = new App({ context: emulator === undefined ? {} : { emulator } });
  leaveOutWhatEmulatorsLack(app);
  return Template.fromStack(new PlatformStack(app, 'platform'));
}

describe('the context value emulator', () => {
  test.each([true, 'true'])('%j leaves the archive out, and nothing else that other resources need', (value) => {
    const onEmulator = synthesize(value).toJSON() as { Resources: Record<string, unknown> };
    const onAws = synthesize().toJSON() as { Resources: Record<string, { Type: string }> };
    expect(
      Object.keys(onAws.Resources)
        .filter((id) => !(id in onEmulator.Resources))
        .map((id) => onAws.Resources[id]!.Type),
    ).toEqual(['AWS::Events::Archive']);
    for (const [id, resource] of Object.entries(onEmulator.Resources)) expect(resource).toEqual(onAws.Resources[id]);
  });

  test.each([undefined, false, 'false'])('%j changes nothing', (value) => {
    synthesize(value).resourceCountIs('AWS::Events::Archive', 1);
  });

  test('of another kind is refused', () => {
    expect(() => synthesize('ministack')).toThrow('Context value emulator must be true or false; it is "ministack".');
  });
});

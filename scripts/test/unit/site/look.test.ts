/** The design tokens: few, light and dark, and readable (WCAG 2.2, contrast of at least 4.5). */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { workspaceRoot } from '../../../cli/workspace.ts';

const assets = path.join(workspaceRoot, 'scripts', 'site', 'assets');
const tokens = readFileSync(path.join(assets, 'tokens.css'), 'utf8');
const [light = '', dark = ''] = tokens.split('@media screen and (prefers-color-scheme: dark)').map(String);

function colors(css: string): Record<string, string> {
  return Object.fromEntries(
    [...css.matchAll(/--([\w-]+): (#[0-9a-f]{6});/g)].map(([, name, value]) => [name!, value!]),
  );
}

/** https://www.w3.org/TR/WCAG22/#dfn-contrast-ratio */
function contrast(one: string, other: string): number {
  const luminance = (color: string): number => {
    const [red, green, blue] = [1, 3, 5].map((start) => {
      const share = parseInt(color.slice(start, start + 2), 16) / 255;
      return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * red! + 0.7152 * green! + 0.0722 * blue!;
  };
  const [darker, lighter] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (lighter! + 0.05) / (darker! + 0.05);
}

test('light and dark have the same colours by name, and there are at most 40 lines of tokens', () => {
  expect(Object.keys(colors(dark))).toEqual(Object.keys(colors(light)));
  expect(tokens.match(/^ +--/gm)!.length).toBeLessThanOrEqual(40);
});

describe.each([
  ['light', colors(light)],
  ['dark', colors(dark)],
])('%s', (_, color) => {
  const grounds = ['ground', 'raised', 'sunken'];
  const pairs = [
    ...['ink', 'ink-soft', 'accent', 'good', 'bad', 'warn'].flatMap((text) => grounds.map((ground) => [text, ground])),
    ...['accent', 'good', 'warn', 'bad'].map((kind) => [kind, `${kind}-ground`]),
    ['ink', 'accent-ground'],
    ['ink-soft', 'accent-ground'],
  ];
  test.each(pairs)('%s on %s', (text, ground) => {
    expect(contrast(color[text]!, color[ground]!)).toBeGreaterThanOrEqual(4.5);
  });
});

test('the style sheet uses only tokens that exist, and no colour of its own', () => {
  const style = readFileSync(path.join(assets, 'style.css'), 'utf8');
  const used = [...style.matchAll(/var\(--([\w-]+)\)/g)].map(([, name]) => name!);
  expect(used.filter((name) => !tokens.includes(`--${name}:`))).toEqual([]);
  expect(style.match(/#[0-9a-f]{3,8}\b/gi)).toBeNull();
});

// `pnpm run` prints a banner ("> airline@… book …") on standard output, where a command's answer belongs:
// `pnpm book --json | jq` must work. The banner is switched off for this project's own commands, and for nothing else.
const { scripts } = require('./package.json');

const words = process.argv.slice(2).filter((argument) => !argument.startsWith('-'));
const command = words[0] === 'run' ? words[1] : words[0];

module.exports = {
  hooks: {
    updateConfig: (config) => (command in scripts ? { ...config, reporter: 'silent' } : config),
  },
};

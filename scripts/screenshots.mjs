/** `npm run screenshots`: runs scripts/screenshots.ts through Vite, so that it needs no build of its own. */
import { fileURLToPath } from 'node:url';
import { runnerImport } from 'vite';

const { module } = await runnerImport(fileURLToPath(import.meta.resolve('./screenshots.ts')), {
  configFile: false,
  logLevel: 'error',
});
await module.main(process.argv.slice(2));

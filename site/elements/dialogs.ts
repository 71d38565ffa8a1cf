/** The dialogs, in one file to fetch. */
export { showAbout } from './about.ts';
export { showDefinitions } from './definitions.ts';

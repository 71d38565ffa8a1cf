/** The dialogs, in one file to fetch. */
export { filesOfDrop } from '../controllers/dropped.ts';
export { showAbout } from './about.ts';
export { showDefinitions } from './definitions.ts';
export { showGallery } from './gallery.ts';
export { showHelp } from './help.ts';
export { showTokenSearch } from './lens-search.ts';
export { showModels } from './models.ts';
export { showOpenTrace } from './open-trace.ts';
export { printPage } from './print-sheet.ts';
export { showShare } from './share.ts';
export { showTakeAlong } from './take-along.ts';
export { showTour } from './tour.ts';

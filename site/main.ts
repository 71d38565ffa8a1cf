/** The page's start: an engine, a session around it, and the page that shows it. */
import { Session } from './controllers/session.ts';
import { watchDrops } from './controllers/drops.ts';
import { watchKeys } from './controllers/keys.ts';
import { AppElement } from './elements/app.ts';
import { openDropped, openHelp, openPrint } from './elements/open.ts';
import { startEngine } from './engine/start.ts';

const session = new Session(startEngine());
const root = document.documentElement;
const showPhase = (): void => {
  root.dataset['state'] = session.store.state.phase;
};
session.store.subscribe(showPhase);

const app = new AppElement();
app.session = session;
document.querySelector('.plain')?.remove();
document.body.append(app);
watchDrops(session, (items) => openDropped(session, items));
watchKeys({ help: () => openHelp(session), print: () => openPrint(session) });

const { connection } = navigator as { readonly connection?: { readonly saveData?: boolean } };
const sparing = connection?.saveData ?? false;
session.open(sparing);
if (import.meta.env.PROD && !sparing) {
  const stop = session.store.subscribe(({ phase }) => {
    if (phase !== 'done') return;
    stop();
    void import('./offline/register.ts').then(({ keepForOffline }) => keepForOffline(session)).catch(() => undefined); // prettier-ignore
  });
}
showPhase();

/** Files dropped anywhere on the page. Text that is dragged into the prompt is left alone. */
import type { Session } from './session.ts';

/** @param open takes what was dropped; its code may come only now, so the entries are taken out of the event first. */
export function watchDrops({ store }: Session, open: (items: readonly DroppedItem[]) => void): void {
  let leaving: ReturnType<typeof setTimeout> | undefined;
  const end = (): void => {
    clearTimeout(leaving);
    store.set({ dropping: false });
  };
  addEventListener('dragover', (event) => {
    if (!event.dataTransfer?.types.includes('Files')) return;
    event.preventDefault();
    event.dataTransfer.dropEffect = 'copy';
    store.set({ dropping: true });
    // Told every few hundred milliseconds while files are over the page, and not at all once they have left it.
    clearTimeout(leaving);
    leaving = setTimeout(end, 700);
  });
  addEventListener('drop', (event) => {
    if (!event.dataTransfer?.types.includes('Files')) return;
    event.preventDefault();
    end();
    open(
      [...event.dataTransfer.items]
        .filter(({ kind }) => kind === 'file')
        .map((item) => ({ entry: item.webkitGetAsEntry(), file: item.getAsFile() })),
    );
  });
}

/** A file or folder, as the event gave it. */
export interface DroppedItem {
  readonly entry: FileSystemEntry | null;
  readonly file: File | null;
}

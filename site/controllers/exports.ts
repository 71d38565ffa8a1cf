/**
 * What the reader can take along. A view offers its pictures and tables, and the Export dialog lists them with a
 * button a format; nothing is drawn before it is asked for.
 *
 * In a view's element, once (its `session` is there from `connectedCallback` on):
 *
 *     this.session.exports.offer('directions', () => {
 *       if (!this.result) return [];                     // nothing to take along yet
 *       return [{
 *         name: 'Scree of the components',               // what the dialog says
 *         file: 'scree',                                 // stem of the file's name
 *         svg: (scheme) => chartSvg({ … }, scheme),      // PNG is made of it; shared/picture draws
 *         csv: () => csv(['component', 'share'], rows),  // shared/picture/csv
 *         json: () => ({ … }),
 *       }];
 *     });
 *
 * Every format is optional. `svg` is given a scheme when pixels are wanted, and none for a file that follows its
 * reader's. A format may be a promise: the dialog says that it is at work, and what went wrong.
 */
import type { ColorScheme } from '../../shared/picture/ramp.ts';
import type { ViewId } from './views.ts';

export interface Exportable {
  readonly name: string;
  /** Letters, digits and hyphens. */
  readonly file: string;
  readonly svg?: (scheme?: ColorScheme) => string | Promise<string>;
  readonly csv?: () => string | Promise<string>;
  /** Plain data. */
  readonly json?: () => unknown;
}

export class Exports {
  readonly #offers = new Map<ViewId, Map<string, () => readonly Exportable[]>>();

  /**
   * A view's pictures and tables, asked for when the dialog opens.
   *
   * @param part of the view, where several elements offer; a later offer of a part takes the place of the first.
   */
  offer(view: ViewId, list: () => readonly Exportable[], part = ''): void {
    const parts = this.#offers.get(view) ?? new Map<string, () => readonly Exportable[]>();
    this.#offers.set(view, parts.set(part, list));
  }

  of(view: ViewId): readonly Exportable[] {
    return [...(this.#offers.get(view)?.values() ?? [])].flatMap((list) => list());
  }
}

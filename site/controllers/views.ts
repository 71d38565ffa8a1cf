/**
 * The page's views, in the order of their tabs; a view is one line here. Its code comes when it is first shown.
 *
 * A view's element extends `Panel` and is given `session`: `session.store` (the run, the selection), `session.selection`
 * (to select a cell or a head) and `session.engine` (the worker's client). It is made once and kept while another
 * view is shown, out of the document: it hears nothing of the state then, and renders when it comes back. Above it
 * stand the run's progress and what went wrong; the view itself says what it shows before there is a run.
 */
export interface View {
  /** In the address. */
  readonly id: string;
  readonly label: string;
  /** The element and the import that defines it; without them it is the lens, which is part of the shell. */
  readonly element?: {
    readonly tag: string;
    readonly load: () => Promise<unknown>;
    /** It shows what a trace holds (`run.trace`); another is not shown then, since the engine has none of its states. */
    readonly readsTraces?: true;
  };
}

export const VIEWS: readonly [View, ...View[]] = [
  { id: 'lens', label: 'Lens' },
  {
    id: 'attention',
    label: 'Attention',
    element: { tag: 'rs-attention', load: () => import('../elements/attention.ts'), readsTraces: true },
  },
  {
    id: 'heads',
    label: 'Heads',
    element: { tag: 'rs-heads', load: () => import('../elements/heads.ts') },
  },
  {
    id: 'ablation',
    label: 'Ablation',
    element: { tag: 'rs-ablation', load: () => import('../elements/ablation.ts') },
  },
  {
    id: 'attribution',
    label: 'Attribution',
    element: { tag: 'rs-attribution', load: () => import('../elements/attribution.ts') },
  },
  {
    id: 'neurons',
    label: 'Neurons',
    element: { tag: 'rs-neurons', load: () => import('../elements/neurons.ts') },
  },
  {
    id: 'directions',
    label: 'Directions',
    element: { tag: 'rs-directions', load: () => import('../elements/directions.ts') },
  },
  {
    id: 'compare',
    label: 'Compare',
    element: { tag: 'rs-compare', load: () => import('../elements/compare.ts'), readsTraces: true },
  },
  {
    id: 'translate',
    label: 'Fitted lens',
    element: { tag: 'rs-fitted', load: () => import('../elements/fitted.ts') },
  },
];

/** The `id` of one of the views. */
export type ViewId = string;

export const DEFAULT_VIEW = 'lens';

export function viewOf(id: ViewId): View {
  return VIEWS.find((view) => view.id === id) ?? VIEWS[0];
}

/** A view named in an address; undefined when there is none of that name. */
export function namedView(id: string | null | undefined): ViewId | undefined {
  return VIEWS.find((view) => view.id === id)?.id;
}

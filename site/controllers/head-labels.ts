/**
 * What is known of a head beside one prompt, such as “induction”. Detectors that read heads on texts of their own put
 * their findings here (`ViewState.headLabels`); the views that show heads name them.
 */
export interface HeadLabel {
  readonly layer: number;
  readonly head: number;
  /** In a word or two. */
  readonly name: string;
  /** What was measured, on what, and the number. */
  readonly detail: string;
}

export function labelsOf(labels: readonly HeadLabel[], layer: number, head: number): readonly HeadLabel[] {
  return labels.filter((one) => one.layer === layer && one.head === head);
}

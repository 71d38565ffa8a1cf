/** Whose logit a view asks about, as text for the address and back: `471`, `top-12`, `471-mean`. */

export interface LogitChoice {
  /** Undefined: the model's own first choice. */
  readonly target: number | undefined;
  /** What is taken off: another token's logit, or the mean of all. */
  readonly against: number | 'mean' | undefined;
}

/** What is wrong or not in the vocabulary is passed over. */
export function readLogitChoice(text: string | undefined, vocabulary: number): LogitChoice {
  const [, first, second] = /^(\d{1,7}|top)(?:-(\d{1,7}|mean))?$/.exec(text ?? '') ?? [];
  const idOf = (word: string | undefined): number | undefined => {
    const id = Number(word);
    return id < vocabulary ? id : undefined;
  };
  const target = idOf(first);
  const against = second === 'mean' ? second : idOf(second);
  return { target, against: against === target ? undefined : against };
}

/** Undefined for the first choice's logit itself. */
export function writeLogitChoice({ target, against }: LogitChoice): string | undefined {
  const tail = against === undefined ? '' : `-${against}`;
  return target === undefined && tail === '' ? undefined : `${target ?? 'top'}${tail}`;
}

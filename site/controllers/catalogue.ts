/** The catalogue as the picker shows it: what a model costs to download, and which fit a search. */
import { CATALOGUE, type CatalogueModel } from '../../shared/catalogue.ts';

export { CATALOGUE, type CatalogueModel };

/** Bytes that a run downloads of a model, and whether that is the exact number. */
export function downloadOf({ id, parameters, weightBytes }: CatalogueModel): {
  bytes: number;
  exact: boolean;
} {
  // fable-4m: the size of its file.
  if (id === 'fable-4m') return { bytes: 8_798_272, exact: true };
  return { bytes: parameters * weightBytes, exact: false };
}

/** Models whose id, family or other words hold every word of a query. */
export function searchCatalogue(query: string): readonly CatalogueModel[] {
  const words = query.toLowerCase().split(/\s+/).filter(Boolean);
  return CATALOGUE.filter(({ id, family, also = '', gated, instruct }) => {
    const text =
      `${id} ${family} ${also} ${gated ? 'gated' : ''} ${instruct ? 'instruct chat' : ''}`.toLowerCase();
    return words.every((word) => text.includes(word));
  });
}

/** `124M`, `1.56B` */
export function parametersInWords(n: number): string {
  return n >= 1e9 ? `${(n / 1e9).toFixed(2)}B` : `${(n / 1e6).toFixed(n < 1e7 ? 1 : 0)}M`;
}

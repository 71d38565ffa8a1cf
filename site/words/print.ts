/** What stands on a printed page beside the table, and the way there. */
export const PRINT = {
  paper: 'Paper, or a PDF',
  whole: 'the view that is open; of the lens the whole table',
  print: 'Print',
  title: 'Residscope',
  model: 'model',
  device: 'device',
  date: 'printed',
  tokens: (first: number, last: number, all: number) => `tokens ${first} to ${last} of ${all}`,
  layer: 'layer',
  table: (legend: string) => `What each layer would say next. Colour: ${legend}`,
} as const;

/** The problem of a model that this server has not, with those that it has. */
import { HttpProblem } from './problem.ts';

export function unknownModel(id: string, knownModels: readonly string[]): HttpProblem {
  return new HttpProblem(
    'unknown-model',
    404,
    `model: expected one of ${knownModels.join(', ')}, got ${JSON.stringify(id)}. Other models are tokenized in the page or by the command line.`,
    { knownModels },
  );
}

/** The model a request names, or a problem that says which there are. */
import type { ModelInfo, TokenizerSource } from '../ports.ts';
import { HttpProblem } from '../problem.ts';

/** @throws {HttpProblem} 404 */
export function findModel(source: TokenizerSource, id: string): ModelInfo {
  const models = source.models();
  const model = models.find((each) => each.id === id);
  if (model) return model;
  const knownModels = models.map((each) => each.id);
  throw new HttpProblem(
    'unknown-model',
    404,
    `model: expected one of ${knownModels.join(', ')}, got ${JSON.stringify(id)}. Other models are tokenized in the page or by the command line.`,
    { knownModels },
  );
}

/** The real model of the tests: SmolLM2-135M-Instruct from its GGUF, with goldens of some hooks and the lens. */
import type { ParityModel } from '../cases/parity-models.ts';

const FOLDER = 'shared/models/smollm2-135m-instruct';
export const GGUF = `${FOLDER}/SmolLM2-135M-Instruct.Q4_1.gguf`;

export const SMOLLM2: ParityModel = {
  name: 'smollm2',
  folder: GGUF,
  files: [],
  goldens: [`${FOLDER}/golden.safetensors`],
  constants: 'f32',
  readout: {
    norm: 'rms',
    eps: 1e-5,
    offset: 0,
    finalNorm: 'model.norm',
    unembed: 'model.embed_tokens.weight',
  },
  lacks: [],
  elsewhere: [],
  batches: false,
};

/** What requests and answers look like: checked at run time, and the source of the API's description. */
import { z } from '@hono/zod-openapi';
import { LIMITS } from '../shared/limits.ts';

/** UTF-8 bytes of a text, counted no further than needed. */
function fits(text: string, limit: number): boolean {
  // A code unit takes three bytes at most.
  if (text.length * 3 <= limit) return true;
  return text.length <= limit && new TextEncoder().encode(text).byteLength <= limit;
}

/** Marks an issue that is answered with 413 rather than 422. */
export const TOO_LARGE = 'tooLarge';

function textOf(limit: number): z.ZodString {
  return z.string().check((context) => {
    if (fits(context.value, limit)) return;
    context.issues.push({
      code: 'custom',
      input: '',
      message: `expected at most ${limit} bytes of UTF-8`,
      params: { [TOO_LARGE]: limit },
    });
  });
}

const modelId = z.string().min(1).max(300).openapi({
  example: 'fable-4m',
  description: 'An embedded model, or `owner/name` or `owner/name@revision` of the hub.',
});

/** What an answer says of the model it is about. */
const about = {
  model: z.string(),
  revision: z
    .string()
    .optional()
    .openapi({ description: 'The commit on the hub; embedded models have none.' }),
};

/** Whether `bos` goes in front: `auto` is what the tokenizer's own post-processor does. */
const bos = z.union([z.literal('auto'), z.boolean()]).default('auto');

export const TokenizeQuery = z.object({
  model: modelId,
  text: textOf(LIMITS.queryTextBytes).openapi({ example: 'Once upon a time' }),
  bos: z.enum(['auto', 'true', 'false']).default('auto'),
});

export const TokenizeBody = z
  .strictObject({
    model: modelId,
    text: textOf(LIMITS.textBytes).optional().openapi({ example: 'Once upon a time' }),
    texts: z.array(textOf(LIMITS.textBytes)).min(1).max(LIMITS.texts).optional(),
    bos,
  })
  .refine((body) => (body.text === undefined) !== (body.texts === undefined), {
    message: 'expected either text or texts',
  });

export const DetokenizeBody = z.strictObject({
  model: modelId,
  ids: z
    .array(z.int().min(0))
    .max(LIMITS.ids)
    .openapi({ example: [286, 1855] }),
});

export const EncodingShape = z.object({
  ids: z.array(z.int()),
  tokens: z.array(z.string()),
  offsets: z.array(z.tuple([z.int(), z.int()])).openapi({
    description: '[start, end) in UTF-16 code units of the text; special tokens put in front are [0, 0).',
  }),
});

const Tokenized = EncodingShape.extend({
  cached: z.boolean().openapi({ description: 'Whether the answer was kept from an earlier request.' }),
});

export const TokenizeAnswer = Tokenized.extend(about);
export const TokenizeBatchAnswer = z.object({
  ...about,
  cached: z.boolean(),
  results: z.array(Tokenized),
});
export const DetokenizeAnswer = z.object({ ...about, text: z.string() });

export const ModelsAnswer = z.object({
  models: z.array(
    z.object({
      id: z.string(),
      source: z.enum(['embedded', 'hub']).openapi({
        description: '`embedded`: the files are this server’s own. `hub`: fetched when first asked for.',
      }),
      family: z.string(),
      license: z.string().openapi({ description: 'SPDX identifier, `LicenseRef-…` or `NOASSERTION`.' }),
      gated: z.boolean().openapi({
        description: 'Only for those who have accepted its licence: this server can’t fetch it.',
      }),
      parameters: z.int(),
      layers: z.int(),
      width: z.int(),
      vocabSize: z.int(),
      weightBytes: z.int().openapi({
        description: 'Of hub models: parameters × bytes of a weight in the published files.',
      }),
      contextLength: z.int().optional().openapi({ description: 'Tokens.' }),
      tokenizerBytes: z.int().optional(),
      tokenizerHash: z
        .string()
        .optional()
        .openapi({ description: 'SHA-256 of the files that the ids depend on.' }),
      files: z
        .string()
        .openapi({ description: 'Where the files are: an address, or a path on this server.' }),
    }),
  ),
});

export const HealthAnswer = z.object({ status: z.literal('ok'), version: z.string() });

export const Problem = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    detail: z.string(),
    errors: z.array(z.object({ pointer: z.string(), detail: z.string() })).optional(),
    limit: z.int().optional(),
    knownModels: z.array(z.string()).optional(),
    allow: z.array(z.string()).optional(),
  })
  .openapi('Problem', { description: 'Problem details, RFC 9457.' });

/**
 * Writes ONNX models: the field numbers of onnx.proto, and a builder that names values and checks nothing twice.
 *
 * @see https://github.com/onnx/onnx/blob/main/onnx/onnx.proto
 */
import { encodeMessage, ProtoWriter } from './protobuf.ts';

/** TensorProto.DataType */
export const DATA_TYPE = { F32: 1, U8: 2, I32: 6, I64: 7, F16: 10 } as const;
export type DataType = keyof typeof DATA_TYPE;

/** Numbers are fixed sizes, strings are named axes. */
export type Dim = number | string;

/** A value in the graph under construction. */
export type Value = string;

export type Attribute = number | { readonly int: number } | readonly number[] | string;

/** A serialized model and the bytes that its external initializers point into, by location. */
export interface OnnxModel {
  readonly bytes: Uint8Array;
  readonly external: ReadonlyMap<string, Uint8Array>;
}

/** Where an initializer's bytes lie. */
export interface ExternalData {
  readonly location: string;
  readonly bytes: Uint8Array;
  readonly offset: number;
  readonly length: number;
}

const OPSET = 20;
const IR_VERSION = 9;

function attributeProto(w: ProtoWriter, name: string, value: Attribute): void {
  w.text(1, name);
  if (typeof value === 'number') w.float(2, value).int(20, 1);
  else if (typeof value === 'string') w.text(4, value).int(20, 3);
  else if ('int' in value) w.int(3, value.int).int(20, 2);
  else {
    for (const i of value) w.int(8, i);
    w.int(20, 7);
  }
}

function valueInfo(name: string, type: DataType, shape: readonly Dim[]): Uint8Array {
  return encodeMessage((w) =>
    w.text(1, name).message(2, (typeProto) =>
      typeProto.message(1, (tensor) =>
        tensor.int(1, DATA_TYPE[type]).message(2, (dims) => {
          for (const d of shape) {
            dims.message(1, (dim) => (typeof d === 'number' ? dim.int(1, d) : dim.text(2, d)));
          }
        }),
      ),
    ),
  );
}

/** A TensorProto up to where its data begins. */
function tensorProto(name: string, type: DataType, shape: readonly number[]): ProtoWriter {
  const w = new ProtoWriter();
  for (const d of shape) w.int(1, d);
  return w.int(2, DATA_TYPE[type]).text(8, name);
}

/** Builds one graph. Values are names; every method that adds a node returns the name of its output. */
export class GraphBuilder {
  readonly #name: string;
  readonly #nodes: Uint8Array[] = [];
  readonly #initializers: Uint8Array[] = [];
  readonly #inputs: Uint8Array[] = [];
  readonly #outputs: Uint8Array[] = [];
  readonly #external = new Map<string, Uint8Array>();
  readonly #constants = new Map<string, Value>();
  #count = 0;

  constructor(name: string) {
    this.#name = name;
  }

  #fresh(hint: string): Value {
    return `${hint}_${this.#count++}`;
  }

  input(name: string, type: DataType, shape: readonly Dim[]): Value {
    this.#inputs.push(valueInfo(name, type, shape));
    return name;
  }

  /** Gives a value an outside name. */
  output(name: string, value: Value, type: DataType, shape: readonly Dim[]): void {
    this.#node('Identity', [value], [name]);
    this.#outputs.push(valueInfo(name, type, shape));
  }

  /** An initializer whose bytes stay where they are. */
  external(name: string, type: DataType, shape: readonly number[], data: ExternalData): Value {
    this.#external.set(data.location, data.bytes);
    const w = tensorProto(name, type, shape);
    const entry = (key: string, value: string): unknown =>
      w.message(13, (pair) => pair.text(1, key).text(2, value));
    entry('location', data.location);
    entry('offset', String(data.offset));
    entry('length', String(data.length));
    this.#initializers.push(w.int(14, 1).finish());
    return name;
  }

  /** i64 constants: shapes, axes and splits. Equal ones are shared. */
  ints(values: readonly number[]): Value {
    const key = `i64:${values.join(',')}`;
    const known = this.#constants.get(key);
    if (known !== undefined) return known;
    const name = this.#fresh('ints');
    const raw = new Uint8Array(new BigInt64Array(values.map(BigInt)).buffer);
    this.#constant(name, 'I64', [values.length], raw);
    this.#constants.set(key, name);
    return name;
  }

  /** An f32 scalar. */
  scalar(value: number): Value {
    const key = `f32:${value}`;
    const known = this.#constants.get(key);
    if (known !== undefined) return known;
    const name = this.#fresh('scalar');
    this.#constant(name, 'F32', [], new Uint8Array(new Float32Array([value]).buffer));
    this.#constants.set(key, name);
    return name;
  }

  #constant(name: string, type: DataType, shape: readonly number[], raw: Uint8Array): void {
    this.#initializers.push(tensorProto(name, type, shape).bytes(9, raw).finish());
  }

  #node(
    op: string,
    inputs: readonly Value[],
    outputs: readonly Value[],
    attributes: Readonly<Record<string, Attribute>> = {},
    domain = '',
  ): void {
    this.#nodes.push(
      encodeMessage((w) => {
        for (const i of inputs) w.text(1, i);
        for (const o of outputs) w.text(2, o);
        w.text(3, outputs[0] ?? op).text(4, op);
        for (const [name, value] of Object.entries(attributes)) {
          w.message(5, (attribute) => attributeProto(attribute, name, value));
        }
        if (domain !== '') w.text(7, domain);
      }),
    );
  }

  /** A node with one output. An empty string among the inputs leaves an optional input out. */
  op(
    op: string,
    inputs: readonly Value[],
    attributes: Readonly<Record<string, Attribute>> = {},
    domain = '',
  ): Value {
    const out = this.#fresh(op);
    this.#node(op, inputs, [out], attributes, domain);
    return out;
  }

  /** A node with several outputs. */
  ops(
    op: string,
    inputs: readonly Value[],
    outputs: number,
    attributes: Readonly<Record<string, Attribute>> = {},
    domain = '',
  ): Value[] {
    const out = Array.from({ length: outputs }, () => this.#fresh(op));
    this.#node(op, inputs, out, attributes, domain);
    return out;
  }

  finish(): OnnxModel {
    const bytes = encodeMessage((model) =>
      model
        .int(1, IR_VERSION)
        .text(2, 'residscope')
        .message(7, (graph) => {
          for (const n of this.#nodes) graph.bytes(1, n);
          graph.text(2, this.#name);
          for (const i of this.#initializers) graph.bytes(5, i);
          for (const i of this.#inputs) graph.bytes(11, i);
          for (const o of this.#outputs) graph.bytes(12, o);
        })
        .message(8, (opset) => opset.text(1, '').int(2, OPSET))
        .message(8, (opset) => opset.text(1, 'com.microsoft').int(2, 1)),
    );
    return { bytes, external: this.#external };
  }
}

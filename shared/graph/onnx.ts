/**
 * Writes ONNX models. The wire encoding is `@bufbuild/protobuf`'s; here are only the field numbers of onnx.proto
 * and a builder that names values and checks nothing twice.
 *
 * @see https://github.com/onnx/onnx/blob/main/onnx/onnx.proto
 */
import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';

/** TensorProto.DataType */
export const DATA_TYPE = { F32: 1, I32: 6, I64: 7, F16: 10 } as const;
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

function message(fill: (w: BinaryWriter) => void): Uint8Array {
  const w = new BinaryWriter();
  fill(w);
  return w.finish();
}

function bytesField(w: BinaryWriter, field: number, bytes: Uint8Array): void {
  w.tag(field, WireType.LengthDelimited).bytes(bytes);
}
function textField(w: BinaryWriter, field: number, text: string): void {
  w.tag(field, WireType.LengthDelimited).string(text);
}
function intField(w: BinaryWriter, field: number, value: number): void {
  w.tag(field, WireType.Varint).int64(value);
}

function attributeProto(name: string, value: Attribute): Uint8Array {
  return message((w) => {
    textField(w, 1, name);
    if (typeof value === 'number') {
      w.tag(2, WireType.Bit32).float(value);
      intField(w, 20, 1);
    } else if (typeof value === 'string') {
      bytesField(w, 4, new TextEncoder().encode(value));
      intField(w, 20, 3);
    } else if ('int' in value) {
      intField(w, 3, value.int);
      intField(w, 20, 2);
    } else {
      for (const i of value) intField(w, 8, i);
      intField(w, 20, 7);
    }
  });
}

function valueInfo(name: string, type: DataType, shape: readonly Dim[]): Uint8Array {
  const dims = message((w) => {
    for (const d of shape) {
      bytesField(
        w,
        1,
        message((dim) => (typeof d === 'number' ? intField(dim, 1, d) : textField(dim, 2, d))),
      );
    }
  });
  const tensor = message((w) => {
    intField(w, 1, DATA_TYPE[type]);
    bytesField(w, 2, dims);
  });
  return message((w) => {
    textField(w, 1, name);
    bytesField(
      w,
      2,
      message((t) => bytesField(t, 1, tensor)),
    );
  });
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
    const entry = (key: string, value: string): Uint8Array =>
      message((w) => {
        textField(w, 1, key);
        textField(w, 2, value);
      });
    this.#initializers.push(
      message((w) => {
        for (const d of shape) intField(w, 1, d);
        intField(w, 2, DATA_TYPE[type]);
        textField(w, 8, name);
        bytesField(w, 13, entry('location', data.location));
        bytesField(w, 13, entry('offset', String(data.offset)));
        bytesField(w, 13, entry('length', String(data.length)));
        intField(w, 14, 1);
      }),
    );
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
    this.#initializers.push(
      message((w) => {
        for (const d of shape) intField(w, 1, d);
        intField(w, 2, DATA_TYPE[type]);
        textField(w, 8, name);
        bytesField(w, 9, raw);
      }),
    );
  }

  #node(
    op: string,
    inputs: readonly Value[],
    outputs: readonly Value[],
    attributes: Readonly<Record<string, Attribute>> = {},
    domain = '',
  ): void {
    this.#nodes.push(
      message((w) => {
        for (const i of inputs) textField(w, 1, i);
        for (const o of outputs) textField(w, 2, o);
        textField(w, 3, outputs[0] ?? op);
        textField(w, 4, op);
        for (const [name, value] of Object.entries(attributes)) bytesField(w, 5, attributeProto(name, value));
        if (domain !== '') textField(w, 7, domain);
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
    const graph = message((w) => {
      for (const n of this.#nodes) bytesField(w, 1, n);
      textField(w, 2, this.#name);
      for (const i of this.#initializers) bytesField(w, 5, i);
      for (const i of this.#inputs) bytesField(w, 11, i);
      for (const o of this.#outputs) bytesField(w, 12, o);
    });
    const opset = (domain: string, version: number): Uint8Array =>
      message((w) => {
        textField(w, 1, domain);
        intField(w, 2, version);
      });
    const bytes = message((w) => {
      intField(w, 1, IR_VERSION);
      textField(w, 2, 'residscope');
      bytesField(w, 7, graph);
      bytesField(w, 8, opset('', OPSET));
      bytesField(w, 8, opset('com.microsoft', 1));
    });
    return { bytes, external: this.#external };
  }
}

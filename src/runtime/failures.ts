/** What ONNX Runtime says when it fails, native or in WebAssembly, as an error for a person. */
import { failure, type PellucidError } from '../base/errors.ts'

/** A kernel's failure: "… while running MatMul node. Name:'h.0.attn' Status Message: file.cc:12 function reason". */
const kernelFailure = /running (?<op>\S+) node\. Name:'(?<node>.*?)' Status Message: (?<reason>.*)$/s
/** A model's: "Node (h.0.attn) Op (MatMul) [ShapeInferenceError] reason". */
const modelFailure = /Node \((?<node>.+?)\) Op \((?<op>\w+)\) (?:\[\w+\] )?(?<reason>.*)$/s

/** A place in the library's own source: path and line, then a full signature or a function's name. */
const sourcePlace =
  /\S+\.(?:cc|h|cpp):\d+ (?:[^()]*?::[^()]*\((?:[^()]|\((?:[^()]|\([^()]*\))*\))*\)(?: const)?(?: \[with [^\]]*\])?|\w+) /g
/** Its status codes and its general advice, which say nothing about this failure. */
const boilerplate =
  /^(?:Can't create a session|failed to call OrtRun\(\))\. ERROR_CODE: \d+, ERROR_MESSAGE: |\[ONNXRuntimeError\] : \d+ : \w+ : |\s*Please fix either the inputs.*$|\s*When calling Run\(\) with pre-allocated.*$/g

/** The engine's message → an error of at most three lines that keeps the node's name, which holds the module path. */
export function describeFailure(message: string, runtime: 'native' | 'web'): PellucidError {
  const code = runtime.toUpperCase()
  if (/terminate flag/i.test(message)) return failure(`${code}_CANCELLED`, 'The run was cancelled.')
  const groups = (kernelFailure.exec(message) ?? modelFailure.exec(message))?.groups
  const reason = (groups?.reason ?? message)
    .replace(/\s+/g, ' ')
    .replace(sourcePlace, '')
    .replace(boilerplate, '')
    .trim()
  if (!groups) return failure(`${code}_FAILED`, `The ${runtime} runtime refused: ${reason}`)
  return failure(`${code}_NODE_FAILED`, `The node '${groups.node}' (${groups.op}) failed.\n${reason}`)
}

import { expect, test } from 'vitest'
import { describeFailure } from './failures.ts'

// Messages as ONNX Runtime 1.30 writes them.
const messages: [name: string, message: string, code: string, text: string][] = [
  [
    'a kernel',
    "Non-zero status code returned while running Gather node. Name:'h.0.attn 'q'/Gather' Status Message: indices element out of data bounds, idx=7 must be within the inclusive range [-2,1]",
    'NATIVE_NODE_FAILED',
    "The node 'h.0.attn 'q'/Gather' (Gather) failed.\nindices element out of data bounds, idx=7 must be within the inclusive range [-2,1]",
  ],
  [
    'a kernel, with a place in the source and a long signature',
    "Non-zero status code returned while running MatMul node. Name:'h.0/MatMul' Status Message: /onnxruntime_src/onnxruntime/core/x.cc:74 onnxruntime::Frame::Info::Info(const std::function<bool(const std::string<char>&)>&, int) const tensorprotoutils.cc:1469 Validate Initializer 'w' is short",
    'NATIVE_NODE_FAILED',
    "The node 'h.0/MatMul' (MatMul) failed.\nInitializer 'w' is short",
  ],
  [
    'a model',
    'Node (h.1.mm) Op (MatMul) [ShapeInferenceError] Incompatible dimensions for matrix multiplication',
    'NATIVE_NODE_FAILED',
    "The node 'h.1.mm' (MatMul) failed.\nIncompatible dimensions for matrix multiplication",
  ],
  [
    'an input',
    'Invalid rank for input: a Got: 1 Expected: 2 Please fix either the inputs/outputs or the model.',
    'NATIVE_FAILED',
    'The native runtime refused: Invalid rank for input: a Got: 1 Expected: 2',
  ],
  ['a cancelled run', 'Exiting due to terminate flag being set to true.', 'NATIVE_CANCELLED', 'The run was cancelled.'],
]

test.each(messages)('describes a failure of %s', (_, message, code, text) => {
  const error = describeFailure(message, 'native')
  expect({ code: error.code, message: error.message }).toEqual({ code, message: text })
})
